import { meshResource } from '../../src/contracts/mesh-file.ts';
import { ensureResource } from '../../src/mesh/ensure.ts';
import { meshOf } from '../middleware/environment.ts';
import { handle } from '../middleware/handle.ts';

/** Creates or updates a mesh, or leaves it as it is; answers which. */
export const handler = handle(meshResource, (resource) => ensureResource(meshOf(), resource));
