import type { Resource } from '../../model/resources.ts';
import { KINDS } from '../kinds.ts';

type Members = Readonly<Record<string, unknown>>;

/** What an operation answers: one resource, a page of a list of them, or members that are no resources. */
export type Answer =
  | { readonly resource: Resource }
  | { readonly list: string; readonly resources: readonly Resource[]; readonly nextToken: string | undefined }
  | { readonly members: Members };

const namesOf = ({ kind, mesh, name, parent }: Resource): Members => {
  const { nameMember, parentMember } = KINDS[kind];
  return { meshName: mesh, ...(parentMember === undefined ? {} : { [parentMember]: parent }), [nameMember]: name };
};

/** A resource as create, describe, update and delete answer it (`VirtualNodeData` and the like). */
export const toData = (resource: Resource): Members => ({
  ...namesOf(resource),
  spec: resource.spec,
  metadata: resource.metadata,
  status: { status: resource.status },
});

/** A resource as lists have it (`VirtualNodeRef` and the like). */
export const toRef = (resource: Resource): Members => ({ ...namesOf(resource), ...resource.metadata });
