import type { Propagation, ResourcePropagation } from '../xds/propagation.ts';

const keyOf = ({ kind, parent, name }: ResourcePropagation): string => `${kind}/${parent ?? ''}/${name}`;

/** Where two are not at the same version, the older one counts: its proxies are still to get the newer. */
const sum = (one: ResourcePropagation, other: ResourcePropagation): ResourcePropagation => ({
  ...one,
  version: Math.min(one.version, other.version),
  acked: one.acked + other.acked,
  pending: one.pending + other.pending,
  rejected: one.rejected + other.rejected,
});

/** How far a mesh has come with the proxies of several control planes. */
export function mergePropagation(own: Propagation, others: readonly Propagation[]): Propagation {
  const resources = new Map<string, ResourcePropagation>();
  for (const resource of [own, ...others].flatMap((each) => each.resources)) {
    const known = resources.get(keyOf(resource));
    resources.set(keyOf(resource), known === undefined ? resource : sum(known, resource));
  }
  return { ...own, proxies: [own, ...others].flatMap(({ proxies }) => proxies), resources: [...resources.values()] };
}
