import { meshResource } from '../../src/contracts/mesh-file.ts';
import { ensureResource } from '../../src/mesh/ensure.ts';
import { meshOf } from '../middleware/environment.ts';
import { handle } from '../middleware/handle.ts';
import { holderOf } from '../middleware/store.ts';

/** Creates a route, or changes all of it but its weights; answers what it did. */
export const handler = handle(meshResource, (resource) => ensureResource(meshOf(), resource, holderOf));
