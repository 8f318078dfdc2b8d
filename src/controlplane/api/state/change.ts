import type { Write } from '../../../store/port.ts';
import type { MeshChange, Resource } from '../../model/resources.ts';
import type { ResourceId, Stored } from '../kinds.ts';
import { documentKey, toDocument } from './documents.ts';

/** A change of one resource, decided from what is in memory. */
export type Change =
  /** Creates (no `before`) or replaces it, together with other writes; all or nothing. */
  | { readonly kind: 'put'; readonly next: Resource; readonly before: Stored | undefined; readonly also?: readonly Write[] }
  | { readonly kind: 'remove'; readonly gone: Stored };

/** What the store is asked for: on condition that the resource is as it was when the change was decided. */
export function writesOf(change: Change): Write[] {
  if (change.kind === 'remove') return [{ kind: 'delete', ...documentKey(change.gone), if: { version: change.gone.revision } }];
  const { next, before, also = [] } = change;
  return [{ kind: 'put', ...documentKey(next), value: toDocument(next), if: before === undefined ? 'absent' : { version: before.revision } }, ...also];
}

/** The resource as it is kept after the change, or was before it was removed. */
export const storedBy = (change: Change): Stored =>
  change.kind === 'remove' ? change.gone : { ...change.next, revision: (change.before?.revision ?? 0) + 1 };

const describeChange = ({ kind, mesh, name, parent }: ResourceId, change: MeshChange['change']): MeshChange => ({
  mesh,
  kind,
  name,
  ...(parent === undefined ? {} : { parent }),
  change,
});

/** What listeners are told: nothing of a change that leaves the spec as it was. */
export function announcementOf(change: Change): MeshChange | undefined {
  if (change.kind === 'remove') return describeChange(change.gone, 'deleted');
  const { next, before } = change;
  return before?.spec === next.spec ? undefined : describeChange(next, before === undefined ? 'created' : 'updated');
}
