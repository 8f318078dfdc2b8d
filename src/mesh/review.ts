import * as z from 'zod/mini';
import { CREATES, identify, meshResource, NAMES_OF, pathOf, type Create, type MeshResource } from '../contracts/mesh-file.ts';
import { InvalidInput, type Mistake } from '../contracts/mistakes.ts';
import type { RouteSpec } from '../contracts/rollout.ts';
import { ROUTE_TYPES } from '../canary/weights.ts';
import { checkInput } from './check-input.ts';
import type { MeshClient } from './client.ts';
import { ReviewFailed } from './errors.ts';
import type { Ensured } from './ensure.ts';

interface Reference {
  readonly path: string;
  readonly resource: MeshResource;
}

/** Another resource of the same mesh, under the names that lead to it. */
const refer = ({ input }: MeshResource, create: Create, path: string, ...names: unknown[]): Reference => ({
  path,
  resource: { create, input: Object.fromEntries(NAMES_OF[create].map((key, index) => [key, [input['meshName'], ...names][index]])) },
});

/** What must be there before it: the parents, which its own names hold. */
function parentsOf(resource: MeshResource): Reference[] {
  const { create, input } = resource;
  if (create === 'CreateMesh') return [];
  const mesh = refer(resource, 'CreateMesh', 'input.meshName');
  if (create === 'CreateRoute') return [mesh, refer(resource, 'CreateVirtualRouter', 'input.virtualRouterName', input['virtualRouterName'])];
  if (create === 'CreateGatewayRoute') return [mesh, refer(resource, 'CreateVirtualGateway', 'input.virtualGatewayName', input['virtualGatewayName'])];
  return [mesh];
}

function routeReferences(resource: MeshResource, spec: RouteSpec): Reference[] {
  return ROUTE_TYPES.flatMap((type) =>
    (spec[type]?.action?.weightedTargets ?? []).map(({ virtualNode }, index) =>
      refer(resource, 'CreateVirtualNode', `input.spec.${type}.action.weightedTargets[${index}].virtualNode`, virtualNode),
    ),
  );
}

interface Provider {
  readonly provider?: { readonly virtualNode?: { virtualNodeName?: string }; readonly virtualRouter?: { virtualRouterName?: string } };
}

function providerReferences(resource: MeshResource, { provider }: Provider): Reference[] {
  return [
    ...(provider?.virtualNode === undefined ? [] : [refer(resource, 'CreateVirtualNode', 'input.spec.provider.virtualNode.virtualNodeName', provider.virtualNode.virtualNodeName)]),
    ...(provider?.virtualRouter === undefined ? [] : [refer(resource, 'CreateVirtualRouter', 'input.spec.provider.virtualRouter.virtualRouterName', provider.virtualRouter.virtualRouterName)]),
  ];
}

function referencesOf(resource: MeshResource): Reference[] {
  const spec = (resource.input['spec'] ?? {});
  const parents = parentsOf(resource);
  if (resource.create === 'CreateRoute') return [...parents, ...routeReferences(resource, spec)];
  if (resource.create === 'CreateVirtualService') return [...parents, ...providerReferences(resource, spec)];
  return parents;
}

async function findMissing(mesh: MeshClient, resources: readonly MeshResource[]): Promise<Mistake[]> {
  const known = new Map(resources.map((resource) => [identify(resource), true]));
  const mistakes: Mistake[] = [];
  for (const resource of resources) {
    for (const { path, resource: referred } of referencesOf(resource)) {
      const key = identify(referred);
      if (!known.has(key)) known.set(key, (await mesh.describe(referred)) !== undefined);
      if (known.get(key) === false) mistakes.push({ file: identify(resource), path, value: key.split('/').at(-1), rule: 'must name a resource of the file or of the mesh' });
    }
  }
  return mistakes;
}

/**
 * Before the first resource is made: are all inputs well-formed, and does everything they refer to exist, here or in the mesh? So that nothing is half applied.
 * @throws InvalidInput with every mistake, its `file` naming the resource.
 */
export async function reviewBefore(mesh: MeshClient, resources: readonly MeshResource[]): Promise<void> {
  const mistakes: Mistake[] = resources.flatMap((resource) => checkInput(resource).map((found) => ({ file: identify(resource), ...found })));
  const seen = new Set<string>();
  for (const resource of resources) {
    if (seen.has(identify(resource))) mistakes.push({ file: identify(resource), path: '', value: identify(resource), rule: 'must be created once only' });
    seen.add(identify(resource));
  }
  if (mistakes.length === 0) mistakes.push(...(await findMissing(mesh, resources)));
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
}

export interface Review {
  readonly changed: number;
  readonly resources: readonly (Ensured & { readonly status: string })[];
}

/**
 * After the last resource: how each of them is, and how many this run changed.
 * @throws ReviewFailed when one is not there or not ACTIVE.
 */
async function reviewAfter(mesh: MeshClient, resources: readonly MeshResource[], changes: readonly Ensured[]): Promise<Review> {
  const reviewed = await Promise.all(
    resources.map(async (resource) => {
      const actual = await mesh.describe(resource);
      const name = pathOf(resource);
      const { change } = changes.find((entry) => entry.create === resource.create && entry.name === name) ?? { change: 'unchanged' as const };
      return { create: resource.create, name, change, version: actual?.version ?? 0, status: actual?.status ?? 'MISSING' };
    }),
  );
  const wrong = reviewed.filter(({ status }) => status !== 'ACTIVE');
  if (wrong.length > 0) throw new ReviewFailed(wrong.map(({ create, name, status }) => `${create} ${name} is ${status}`).join('; '));
  return { changed: reviewed.filter(({ change }) => change !== 'unchanged').length, resources: reviewed };
}

const ensured = z.object({ create: z.enum(CREATES), name: z.string(), change: z.enum(['created', 'updated', 'unchanged']), version: z.number() });

/** The event of the handler `review`: resources before provisioning; with what was ensured, after it. */
export const reviewRequest = z.strictObject({
  resources: z.array(meshResource).check(z.minLength(1, 'must hold at least one resource')),
  changes: z.optional(z.array(ensured)),
});

/** Reviews before provisioning (without `changes`) or after it. @throws InvalidInput, ReviewFailed */
export async function review(mesh: MeshClient, { resources, changes }: z.infer<typeof reviewRequest>): Promise<Review> {
  if (changes !== undefined) return reviewAfter(mesh, resources, changes);
  await reviewBefore(mesh, resources);
  return { changed: 0, resources: [] };
}
