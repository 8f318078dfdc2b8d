import type { MeshResource } from '../contracts/mesh-file.ts';
import type { MeshClient } from './client.ts';
import { refuseHeld, type FindHolder } from './held-route.ts';

/**
 * Deletes a resource; one that is not there is as good as deleted.
 * @throws RouteHeld when it is a route that a rollout holds
 */
export async function deleteResource(mesh: MeshClient, resource: MeshResource, findHolder: FindHolder): Promise<{ change: 'deleted' | 'unchanged' }> {
  await refuseHeld(resource, findHolder);
  return { change: (await mesh.delete(resource)) === undefined ? 'unchanged' : 'deleted' };
}
