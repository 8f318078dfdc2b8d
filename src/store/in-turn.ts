import type { Decided, DocumentStore } from './port.ts';

/** `applyInTurn` by `apply`: the next of a turn is decided once the one before it was answered; different turns do not wait for each other. */
export function createInTurn(apply: DocumentStore['apply']): DocumentStore['applyInTurn'] {
  const tails = new Map<string, Promise<unknown>>();

  const take = async <T>(decide: () => Decided<T>): Promise<T> => {
    const { writes, applied, undone } = decide();
    try {
      await apply(writes);
    } catch (error) {
      undone(error);
      throw error;
    }
    return applied();
  };

  return async (turn, decide) => {
    const mine = (tails.get(turn) ?? Promise.resolve()).then(() => take(decide));
    const tail = mine.catch(() => undefined);
    tails.set(turn, tail);
    try {
      return await mine;
    } finally {
      if (tails.get(turn) === tail) tails.delete(turn);
    }
  };
}
