import { createHash } from 'node:crypto';
import { PlanRefused } from '../../canary/errors.ts';
import type { MeshResource } from '../../contracts/mesh-file.ts';
import type { MeshClient } from '../../mesh/client.ts';
import { ResourceMissing } from '../../mesh/errors.ts';
import { CanaryCollision } from '../errors.ts';
import type { RolloutRecord } from '../record/records.ts';

/** Tags that say whose a virtual node is. */
const VERSION_TAG = 'meshshift:version';
export const ROLLOUT_TAG = 'meshshift:rollout';

export const toNode = (mesh: string, virtualNodeName: string): MeshResource => ({ create: 'CreateVirtualNode', input: { meshName: mesh, virtualNodeName } });

interface NodeSpec {
  readonly serviceDiscovery?: { readonly dns?: object; readonly awsCloudMap?: object };
}

/** What a canary's node is made by. */
type Made = Pick<RolloutRecord, 'target' | 'stable' | 'canary' | 'hostname' | 'spec'>;

/** The stable node's spec under the canary's host name. A clone that is found by the same name would be the stable side itself. */
function cloneSpec(spec: NodeSpec, { hostname, canary, stable }: Made): NodeSpec {
  const { serviceDiscovery } = spec;
  if (serviceDiscovery === undefined) return spec;
  if (hostname === null) throw new PlanRefused(`canary.hostname: missing: must be given to create ${canary}, as ${stable} is found by service discovery`);
  if (serviceDiscovery.dns === undefined) throw new PlanRefused(`canary.virtualNode: ${canary}: must exist, as ${stable} is not found by DNS and cannot be cloned`);
  return { ...spec, serviceDiscovery: { dns: { ...serviceDiscovery.dns, hostname } } };
}

export const tagOf = async (mesh: MeshClient, arn: string, wanted: string): Promise<string | undefined> => (await mesh.tags(arn)).find(({ key }) => key === wanted)?.value;

async function readStableSpec(mesh: MeshClient, { target, stable }: Made): Promise<NodeSpec> {
  const node = await mesh.describe(toNode(target.mesh, stable));
  if (node === undefined) throw new ResourceMissing(`the virtual node ${stable} is not in the mesh ${target.mesh}`);
  return node.spec;
}

const specOf = async (mesh: MeshClient, made: Made): Promise<object> => made.spec ?? cloneSpec(await readStableSpec(mesh, made), made);

/** @throws PlanRefused, ResourceMissing when the node of a canary is not there, and cannot be made */
export async function assertCanBeMade(mesh: MeshClient, made: Made): Promise<void> {
  if ((await mesh.describe(toNode(made.target.mesh, made.canary))) === undefined) await specOf(mesh, made);
}

/** One for each rollout and spec: a request that was given up and comes late does not make again what is deleted meanwhile. 36 characters at most. */
export const tokenFor = ({ id }: RolloutRecord, spec: object): string => createHash('sha256').update(JSON.stringify([id, spec])).digest('hex').slice(0, 32);

/**
 * Makes the canary's virtual node be there: one that exists is used as it is, unless it was made for another version; else it is made of the definition's spec, or the stable node is cloned.
 * @throws CanaryCollision, PlanRefused, ResourceMissing: not to be tried again. ResourceChanged: try again.
 */
export async function ensureCanaryNode(mesh: MeshClient, record: RolloutRecord): Promise<void> {
  const node = toNode(record.target.mesh, record.canary);
  const existing = await mesh.describe(node);
  if (existing !== undefined) {
    const version = await tagOf(mesh, existing.arn, VERSION_TAG);
    if (version !== undefined && version !== record.image.tag) throw new CanaryCollision(`the virtual node ${record.canary} was made for the version ${version}, and ${record.image.tag} comes to the same name`);
    return;
  }
  const tags = [
    { key: VERSION_TAG, value: record.image.tag },
    { key: ROLLOUT_TAG, value: record.id },
  ];
  const spec = await specOf(mesh, record);
  await mesh.create({ ...node, input: { ...node.input, spec, tags, clientToken: tokenFor(record, spec) } });
}

/** Whose the canary's virtual node is: made by this rollout, there before it, or not there. */
export async function ownerOfNode(mesh: MeshClient, { target, canary, id }: RolloutRecord): Promise<'own' | 'other' | 'none'> {
  const node = await mesh.describe(toNode(target.mesh, canary));
  if (node === undefined) return 'none';
  return (await tagOf(mesh, node.arn, ROLLOUT_TAG)) === id ? 'own' : 'other';
}
