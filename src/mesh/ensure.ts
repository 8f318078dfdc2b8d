import type { TagRef } from '@aws-sdk/client-app-mesh';
import { pathOf, type Create, type MeshResource } from '../contracts/mesh-file.ts';
import { targetsOf, withTargets } from '../canary/weights.ts';
import type { MeshClient } from './client.ts';
import { sameSpec } from './compare-specs.ts';
import { refuseHeld, type FindHolder } from './held-route.ts';
import type { ResourceData } from './operations.ts';

export interface Ensured {
  readonly create: Create;
  /** `pgMesh/svcNode1/svcNode1`. */
  readonly name: string;
  readonly change: 'created' | 'updated' | 'unchanged';
  readonly version: number;
}

/**
 * The weights of an existing route belong to its rollouts: its targets and their weights stay, whatever the file says, in whichever type of route it asks
 * for. The file says which of its ports a target is reached on.
 */
function keepWeights(desired: object, actual: object): object {
  const ports = new Map(targetsOf(desired).map(({ virtualNode, port }) => [virtualNode, port]));
  const portOf = (virtualNode: string | undefined): object => (ports.get(virtualNode) === undefined ? {} : { port: ports.get(virtualNode) });
  return withTargets(desired, targetsOf(actual).map((target) => ({ ...target, ...portOf(target.virtualNode) })));
}

/** For all kinds but routes, which no rollout holds. */
const nobody: FindHolder = () => Promise.resolve(undefined);

async function missingTags(mesh: MeshClient, { input }: MeshResource, arn: string): Promise<readonly TagRef[]> {
  const desired = (input['tags'] ?? []) as readonly TagRef[];
  if (desired.length === 0) return [];
  const actual = new Map((await mesh.tags(arn)).map(({ key, value }) => [key, value]));
  return desired.filter(({ key, value }) => !actual.has(key) || actual.get(key) !== value);
}

async function ensureTags(mesh: MeshClient, resource: MeshResource, arn: string): Promise<boolean> {
  const missing = await missingTags(mesh, resource, arn);
  if (missing.length > 0) await mesh.tag(arn, missing);
  return missing.length > 0;
}

/** The spec that a resource is to have in place of the one it has; undefined where that one will do. */
function neededSpec({ create, input: { spec } }: MeshResource, actual: ResourceData): object | undefined {
  // An input without a spec asks for existence only.
  if (typeof spec !== 'object' || spec === null || sameSpec(spec, actual.spec)) return undefined;
  const desired = create === 'CreateRoute' ? keepWeights(spec, actual.spec) : spec;
  return sameSpec(desired, actual.spec) ? undefined : desired;
}

async function ensureSpec(mesh: MeshClient, resource: MeshResource, actual: ResourceData, findHolder: FindHolder): Promise<ResourceData> {
  const spec = neededSpec(resource, actual);
  if (spec === undefined) return actual;
  await refuseHeld(resource, findHolder);
  return mesh.update({ ...resource, input: { ...resource.input, spec } }, actual.version);
}

/** What `ensureResource` would do, without doing it. The version is the one there is, 0 for none. */
export async function planResource(mesh: MeshClient, resource: MeshResource): Promise<Ensured> {
  const { create } = resource;
  const actual = await mesh.describe(resource);
  if (actual === undefined) return { create, name: pathOf(resource), change: 'created', version: 0 };
  const differs = neededSpec(resource, actual) !== undefined || (await missingTags(mesh, resource, actual.arn)).length > 0;
  return { create, name: pathOf(resource), change: differs ? 'updated' : 'unchanged', version: actual.version };
}

/**
 * Makes a resource be there as desired: creates it, updates what differs, or leaves it. Doing it again changes nothing.
 * @throws RouteHeld when it would change a route that a rollout holds
 * @throws ResourceChanged when someone else wrote it meanwhile: try again
 */
export async function ensureResource(mesh: MeshClient, resource: MeshResource, findHolder: FindHolder = nobody): Promise<Ensured> {
  const name = pathOf(resource);
  const actual = await mesh.describe(resource);
  if (actual === undefined) {
    const { version } = await mesh.create(resource);
    return { create: resource.create, name, change: 'created', version };
  }
  const ensured = await ensureSpec(mesh, resource, actual, findHolder);
  const tagged = await ensureTags(mesh, resource, actual.arn);
  const change = tagged || ensured.version !== actual.version ? 'updated' : 'unchanged';
  return { create: resource.create, name, change, version: ensured.version };
}
