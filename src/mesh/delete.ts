import { identify, type MeshResource } from '../contracts/mesh-file.ts';
import type { MeshClient } from './client.ts';
import { RouteHeld } from './errors.ts';
import type { FindHolder } from './ensure.ts';

/**
 * Deletes a resource; one that is not there is as good as deleted.
 * @throws RouteHeld when it is a route that a rollout holds
 */
export async function deleteResource(mesh: MeshClient, resource: MeshResource, findHolder: FindHolder): Promise<{ change: 'deleted' | 'unchanged' }> {
  const { create, input } = resource;
  if (create === 'CreateRoute') {
    const holder = await findHolder({ mesh: String(input['meshName']), virtualRouter: String(input['virtualRouterName']), route: String(input['routeName']) });
    if (holder !== undefined) throw new RouteHeld(`${identify(resource)} is held by the rollout ${holder}`);
  }
  return { change: (await mesh.delete(resource)) === undefined ? 'unchanged' : 'deleted' };
}
