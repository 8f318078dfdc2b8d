/** Aborts after a time, or when the caller gives up. */
export const timeLimit = (ms: number, given: AbortSignal | undefined): AbortSignal => (given === undefined ? AbortSignal.timeout(ms) : AbortSignal.any([AbortSignal.timeout(ms), given]));
