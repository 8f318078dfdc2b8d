import { openAws } from '../../src/aws/call.ts';
import { openEcrImages } from '../../src/rollout/images/ecr.ts';
import { openRecordedImages } from '../../src/rollout/images/recorded.ts';
import type { Part } from './ports.ts';
import { storeOf } from './store.ts';

/** Knows which images there are. Without AWS there is no registry to ask: the pushes that events told of are what is known. */
export const images: Part = async (env) => {
  const recorded = openRecordedImages(await storeOf(), Date.now);
  return { images: env['MESHSHIFT_DATA'] === undefined ? openEcrImages(openAws(env), recorded) : recorded };
};
