import type { Document, Key } from '../../../store/port.ts';
import type { Resource } from '../../model/resources.ts';
import { keyOf, type ResourceId, type Stored } from '../kinds.ts';

/** The partition of the meshes themselves; each mesh's resources have one of their own. */
export const MESHES = 'mesh#';

export const partitionOf = (mesh: string): string => `${MESHES}${mesh}`;

/** Where a resource is kept. */
export const documentKey = (id: ResourceId): Key =>
  id.kind === 'mesh' ? { pk: MESHES, sk: id.name } : { pk: partitionOf(id.mesh), sk: `${id.kind}#${keyOf(id)}` };

/** A resource as it is written: all but the version of its document, which the store keeps. */
export function toDocument({ revision: _, ...resource }: Resource & { readonly revision?: number }): Resource {
  return resource;
}

export const fromDocument = ({ value, version }: Document): Stored => ({ ...(value as Resource), revision: version });
