import { meshResource } from '../../src/contracts/mesh-file.ts';
import { deleteResource } from '../../src/mesh/delete.ts';
import { meshOf } from '../middleware/environment.ts';
import { handle } from '../middleware/handle.ts';
import { holderOf } from '../middleware/store.ts';

/** Deletes a resource; one that is not there is as good as deleted. */
export const handler = handle(meshResource, (resource) => deleteResource(meshOf(), resource, holderOf));
