import type { MeshResource } from '../contracts/mesh-file.ts';
import type { RouteSpec, RouteTarget } from '../contracts/rollout.ts';
import type { MeshClient } from './client.ts';
import { sameJson } from './compare-specs.ts';
import { ResourceChanged, ResourceMissing } from './errors.ts';
import { confirmPropagation, type Wait } from './propagation.ts';

export interface RouteState {
  readonly spec: RouteSpec;
  readonly version: number;
}

const toResource = ({ mesh, virtualRouter, route }: RouteTarget): MeshResource => ({
  create: 'CreateRoute',
  input: { meshName: mesh, virtualRouterName: virtualRouter, routeName: route },
});

/** @throws ResourceMissing when there is no such route. */
export async function readRoute(mesh: MeshClient, target: RouteTarget): Promise<RouteState> {
  const route = await mesh.describe(toResource(target));
  if (route === undefined) throw new ResourceMissing(`the route ${target.route} of the router ${target.virtualRouter} is not in the mesh ${target.mesh}`);
  return { spec: route.spec, version: route.version };
}

/**
 * Changes a route: reads it, writes what `change` makes of its spec unless someone wrote meanwhile, reads it back, and answers when every proxy has it.
 * A change that is there already is only confirmed, so doing it again is safe. `guard` runs between reading and writing: it refuses by throwing.
 * @throws ResourceChanged, NotPropagated: try again. ConfigurationRejected: a proxy refuses it.
 */
export async function changeRoute(
  mesh: MeshClient,
  target: RouteTarget,
  change: (spec: RouteSpec) => RouteSpec,
  { wait, guard }: { readonly wait: Wait; readonly guard: () => Promise<void> },
): Promise<RouteState> {
  const before = await readRoute(mesh, target);
  const spec = change(before.spec);
  await guard();
  if (!sameJson(spec, before.spec)) {
    const resource = toResource(target);
    await mesh.update({ ...resource, input: { ...resource.input, spec } }, before.version);
  }
  const after = await readRoute(mesh, target);
  if (!sameJson(spec, after.spec)) throw new ResourceChanged(`the route ${target.route} was changed by someone else after it was written`);
  await confirmPropagation(mesh.get, target, after.version, wait);
  return after;
}
