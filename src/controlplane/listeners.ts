/** Those who want to be told of something. */
export interface Listeners<What extends readonly unknown[]> {
  /** Gives how to stop. */
  readonly add: (listener: (...what: What) => void) => () => void;
  /** One that is added or taken away meanwhile is heard from the next time on. */
  readonly tell: (...what: What) => void;
  readonly clear: () => void;
}

export function createListeners<What extends readonly unknown[]>(): Listeners<What> {
  const listeners = new Set<(...what: What) => void>();
  return {
    add: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    tell: (...what) => {
      for (const listener of [...listeners]) listener(...what);
    },
    clear: () => listeners.clear(),
  };
}
