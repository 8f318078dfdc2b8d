/** Remembers when what was seen for at least a while, in two generations: nothing is looked through, and nothing stays for long. */
export interface Replays {
  /** How long ago it was first seen, in milliseconds; 0 where it was not seen within the window, from now on it was. */
  age(signature: string): number;
}

/** @param windowMs how long it remembers at least; at most twice that. @param clock epoch milliseconds. */
export function createReplays(windowMs: number, clock: () => number): Replays {
  let [young, old] = [new Map<string, number>(), new Map<string, number>()];
  let turnedAt = clock();
  const turn = (now: number): void => {
    const age = now - turnedAt;
    if (age < windowMs) return;
    old = age < 2 * windowMs ? young : new Map<string, number>();
    young = new Map<string, number>();
    turnedAt = now;
  };
  return {
    age: (signature) => {
      const now = clock();
      turn(now);
      const first = young.get(signature) ?? old.get(signature) ?? now;
      young.set(signature, first);
      return now - first;
    },
  };
}
