/** Remembers what was seen for at least a while, in two generations: nothing is looked through, and nothing stays for long. */
export interface Replays {
  /** Whether it was seen within the window; from now on it was. */
  seen(signature: string): boolean;
}

/** @param windowMs how long it remembers at least; at most twice that. @param clock epoch milliseconds. */
export function createReplays(windowMs: number, clock: () => number): Replays {
  let [young, old] = [new Set<string>(), new Set<string>()];
  let turnedAt = clock();
  const turn = (): void => {
    const age = clock() - turnedAt;
    if (age < windowMs) return;
    old = age < 2 * windowMs ? young : new Set();
    young = new Set();
    turnedAt = clock();
  };
  return {
    seen: (signature) => {
      turn();
      const known = young.has(signature) || old.has(signature);
      young.add(signature);
      return known;
    },
  };
}
