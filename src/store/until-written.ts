import { ConditionFailed } from './port.ts';

const ATTEMPTS = 10;

/**
 * Reads and writes on condition that what was read still holds; where someone else was quicker, once more from the start.
 * @param isBeaten tells that from other conditions of the same write; by default every one is
 * @throws ConditionFailed for another condition, or where someone else is always quicker
 */
export async function untilWritten<T>(readAndWrite: () => Promise<T>, isBeaten: (failure: ConditionFailed) => boolean = () => true): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await readAndWrite();
    } catch (error) {
      if (!(error instanceof ConditionFailed) || !isBeaten(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
