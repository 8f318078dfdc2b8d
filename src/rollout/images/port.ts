import type { Image } from '../../contracts/image.ts';

/** Where it is known which images there are. */
export interface ImageRegistry {
  /** The image of a repository that was pushed last of those whose tag matches; undefined when none does. */
  newest(repository: string, matches: (tag: string) => boolean): Promise<Image | undefined>;
  /** Takes note of a push that an event told. */
  note(image: Image): Promise<void>;
}
