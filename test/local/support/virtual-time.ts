import type { Timers } from '../../../src/local/timers.ts';
import type { SyncFile } from '../../../src/store/log-sync.ts';

/** A clock that stands still until it is told to jump to the next timer. */
export interface VirtualTime extends Timers {
  /** Jumps to the next timer and runs it; false when there is none. */
  jump(): boolean;
  /** Delays that were asked for, in milliseconds, in order. */
  readonly delays: number[];
}

export function virtualTime(start = Date.UTC(2026, 0, 1)): VirtualTime {
  let now = start;
  const timers = new Map<number, { at: number; callback: () => void }>();
  let next = 0;
  const delays: number[] = [];
  return {
    delays,
    now: () => now,
    after: (ms, callback) => {
      next += 1;
      const id = next;
      delays.push(ms);
      timers.set(id, { at: now + ms, callback });
      return () => void timers.delete(id);
    },
    jump: () => {
      const [first] = [...timers].sort(([a, one], [b, other]) => one.at - other.at || a - b);
      if (first === undefined) return false;
      timers.delete(first[0]);
      now = Math.max(now, first[1].at);
      first[1].callback();
      return true;
    },
  };
}

/** A disk that takes no time either: where time stands still, what is under way comes to rest in a few turns. */
export const diskAtOnce: SyncFile = () => Promise.resolve();

/** One turn of the event loop. */
export const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Polls a condition over turns of the event loop; fails when it does not come true in time. */
export async function until<T>(what: string, poll: () => T | undefined | Promise<T | undefined>, turns = 20_000): Promise<T> {
  for (let count = 0; count < turns; count += 1) {
    const value = await poll();
    if (value !== undefined && value !== false) return value;
    await turn();
  }
  throw new Error(`it never came true: ${what}`);
}
