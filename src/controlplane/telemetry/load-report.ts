import type { ProtoJson } from '../translate/types.ts';
import { virtualNodeOf } from '../translate/names.ts';
import { count, list } from './proto-json.ts';

/** What one report says of one virtual node. */
export interface NodeCounts {
  readonly virtualNode: string;
  readonly ok: number;
  readonly errors: number;
  /** Requests without an answer yet. */
  readonly inProgress: number;
}

/**
 * The counts of a LoadStatsRequest (as protobuf JSON) by virtual node. Clusters that are not a caller's way to a virtual node
 * (the control plane's own, a sidecar's way to its application) say nothing about requests between services.
 */
export function countsOf(mesh: string, report: ProtoJson): NodeCounts[] {
  return list(report['cluster_stats']).flatMap((stats) => {
    const virtualNode = virtualNodeOf(mesh, String(stats['cluster_name']));
    if (virtualNode === undefined) return [];
    const localities = list(stats['upstream_locality_stats']);
    const sum = (field: string): number => localities.reduce((total, locality) => total + count(locality[field]), 0);
    const counts = { virtualNode, ok: sum('total_successful_requests'), errors: sum('total_error_requests'), inProgress: sum('total_requests_in_progress') };
    return counts.ok + counts.errors + counts.inProgress > 0 ? [counts] : [];
  });
}
