import { identify, type MeshResource } from '../contracts/mesh-file.ts';
import type { RouteTarget } from '../contracts/rollout.ts';
import { RouteHeld } from './errors.ts';

/** Who holds a route: the id of a rollout, or undefined. */
export type FindHolder = (target: RouteTarget) => Promise<string | undefined>;

const targetOf = ({ input }: MeshResource): RouteTarget => ({
  mesh: String(input['meshName']),
  virtualRouter: String(input['virtualRouterName']),
  route: String(input['routeName']),
});

/** @throws RouteHeld when the resource is a route that a rollout holds */
export async function refuseHeld(resource: MeshResource, findHolder: FindHolder): Promise<void> {
  if (resource.create !== 'CreateRoute') return;
  const holder = await findHolder(targetOf(resource));
  if (holder !== undefined) throw new RouteHeld(`${identify(resource)} is held by the rollout ${holder}; it can be changed when that has ended`);
}
