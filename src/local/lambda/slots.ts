/** Lets so many things go on at once; further ones wait, in the order they came. */
export interface Slots {
  /** @throws the signal's reason when it is aborted before the work has begun */
  use<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
}

export function openSlots(count: number): Slots {
  const waiting = new Set<() => void>();
  let free = count;

  /** Resolves holding a slot, unless aborted before. */
  const acquire = (signal: AbortSignal | undefined): Promise<void> =>
    new Promise((resolve, reject) => {
      const begin = (): void => {
        waiting.delete(begin);
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.delete(begin);
        reject(signal?.reason as Error);
      };
      waiting.add(begin);
      signal?.addEventListener('abort', leave, { once: true });
    });

  return {
    use: async (work, signal) => {
      signal?.throwIfAborted();
      if (free > 0) free -= 1;
      else await acquire(signal);
      try {
        return await work();
      } finally {
        const [next] = waiting;
        // The slot goes from hand to hand: nobody who comes now is before who waits.
        if (next === undefined) free += 1;
        else next();
      }
    },
  };
}
