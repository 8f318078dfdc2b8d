/** The time and the waiting of a part; a test passes its own. */
export interface Timers {
  /** Epoch milliseconds. */
  now(): number;
  /** Calls back once after `ms` milliseconds; returns how to cancel. */
  after(ms: number, callback: () => void): () => void;
}

/** setTimeout takes 32 bits: a longer delay would fire at once. */
export const LONGEST_DELAY_MS = 2 ** 31 - 1;

export const systemTimers: Timers = {
  now: () => Date.now(),
  after: (ms, callback) => {
    const timer = setTimeout(callback, Math.min(Math.max(ms, 0), LONGEST_DELAY_MS));
    return () => clearTimeout(timer);
  },
};
