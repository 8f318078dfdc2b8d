import { reviewRequest, review } from '../../src/mesh/review.ts';
import { meshOf } from '../middleware/environment.ts';
import { handle } from '../middleware/handle.ts';

/** Before provisioning: whether all of it can be done. After it: how each resource is, and how many changed. */
export const handler = handle(reviewRequest, (request) => review(meshOf(), request));
