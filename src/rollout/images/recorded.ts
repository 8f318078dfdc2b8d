import type { Image } from '../../contracts/image.ts';
import type { DocumentStore } from '../../store/port.ts';
import { imageKey, imagePartition } from '../record/keys.ts';
import type { ImageRegistry } from './port.ts';

const PAGE = 100;
/** A push is remembered for a year. */
const KEPT_SECONDS = 365 * 86_400;

/** The pushes that events told of: all that is known of registries that cannot be asked. */
export const openRecordedImages = (store: DocumentStore, clock: () => number): ImageRegistry => ({
  newest: async (repository, matches) => {
    // Sorted by time, the newest first.
    for (let after = ''; ; ) {
      const page = await store.query(imagePartition(repository), { after, limit: PAGE });
      const found = page.map(({ value }) => value as Image).find(({ tag }) => matches(tag));
      if (found !== undefined || page.length < PAGE) return found;
      after = page.at(-1)?.sk ?? '';
    }
  },
  note: (image) => store.write([{ kind: 'put', ...imageKey(image, clock()), value: image, expiresAt: Math.ceil(clock() / 1000) + KEPT_SECONDS }]),
});
