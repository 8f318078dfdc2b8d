import type { Resource } from '../../model/resources.ts';
import { KINDS } from '../kinds.ts';

type Answer = Readonly<Record<string, unknown>>;

const namesOf = ({ kind, mesh, name, parent }: Resource): Answer => {
  const { nameMember, parentMember } = KINDS[kind];
  return { meshName: mesh, ...(parentMember === undefined ? {} : { [parentMember]: parent }), [nameMember]: name };
};

/** A resource as create, describe, update and delete answer it (`VirtualNodeData` and the like). */
export const toData = (resource: Resource): Answer => ({
  ...namesOf(resource),
  spec: resource.spec,
  metadata: resource.metadata,
  status: { status: resource.status },
});

/** A resource as lists have it (`VirtualNodeRef` and the like). */
export const toRef = (resource: Resource): Answer => ({ ...namesOf(resource), ...resource.metadata });
