import type { After } from '../../src/controlplane/timers.ts';

/** Time that passes only when told to. */
export interface ManualTimers {
  readonly after: After;
  /** Lets time pass, and runs what is due, in order. */
  pass(milliseconds: number): void;
  /** Waits that are under way, in milliseconds from now. */
  waits(): number[];
}

export function manualTimers(): ManualTimers {
  let now = 0;
  const pending = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    after: (milliseconds, run) => {
      const timer = { at: now + milliseconds, run };
      pending.add(timer);
      return () => void pending.delete(timer);
    },
    pass: (milliseconds) => {
      const end = now + milliseconds;
      for (;;) {
        const [due] = [...pending].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at);
        if (due === undefined) break;
        pending.delete(due);
        now = due.at;
        due.run();
      }
      now = end;
    },
    waits: () => [...pending].map(({ at }) => at - now).sort((a, b) => a - b),
  };
}
