import { meshResource } from '../../src/contracts/mesh-file.ts';
import { awaitActive } from '../../src/mesh/await-active.ts';
import { meshOf } from '../middleware/environment.ts';
import { handle } from '../middleware/handle.ts';

/** Answers when a resource is ACTIVE; throws ResourceNotActive, to be retried, while it is not. */
export const handler = handle(meshResource, (resource) => awaitActive(meshOf(), resource));
