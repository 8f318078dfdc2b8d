import { identify, type MeshResource } from '../contracts/mesh-file.ts';
import type { MeshClient } from './client.ts';
import { ResourceMissing, ResourceNotActive } from './errors.ts';

/**
 * Answers when a resource is ACTIVE.
 * @throws ResourceNotActive while it is not: try again
 * @throws ResourceMissing when there is none
 */
export async function awaitActive(mesh: MeshClient, resource: MeshResource): Promise<{ status: 'ACTIVE'; version: number }> {
  const actual = await mesh.describe(resource);
  if (actual === undefined) throw new ResourceMissing(`${identify(resource)} is not there`);
  if (actual.status !== 'ACTIVE') throw new ResourceNotActive(`${identify(resource)} is ${actual.status}`);
  return { status: 'ACTIVE', version: actual.version };
}
