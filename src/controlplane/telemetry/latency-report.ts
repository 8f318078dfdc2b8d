import { LATENCY_BOUNDS_MS, type LatencyCounts } from '../../contracts/latency.ts';
import { virtualNodeOf } from '../translate/names.ts';
import type { ProtoJson } from '../translate/types.ts';
import { decode } from '../xds/codec.ts';
import { fieldsOf } from '../xds/wire.ts';
import { count, list } from './proto-json.ts';

/** How long requests to one virtual node took, as one proxy flushed it. */
export interface NodeLatency {
  readonly virtualNode: string;
  readonly latency: LatencyCounts;
  readonly sumMs: number;
}

const FAMILY = 'io.prometheus.client.MetricFamily';
const FAMILIES_FIELD = 2;
const NAME_FIELD = 1;
/** `cluster.CLUSTER.upstream_rq_time`: the names of clusters may hold dots. */
const HISTOGRAM = /^cluster\.(.+)\.upstream_rq_time$/;


/** A flush's cumulative buckets → counts between the bounds of the table, or undefined where one of these is not among its own. */
function countsOf(histogram: ProtoJson): LatencyCounts | undefined {
  const upTo = new Map(list(histogram['bucket']).map((bucket) => [Number(bucket['upper_bound'] ?? 0), count(bucket['cumulative_count'])]));
  if (!LATENCY_BOUNDS_MS.every((bound) => upTo.has(bound))) return undefined;
  const below = [...LATENCY_BOUNDS_MS.map((bound) => upTo.get(bound) ?? 0), count(histogram['sample_count'])];
  const counts = below.map((number, index) => Math.max(0, number - (below[index - 1] ?? 0)));
  return counts.slice(0, counts.findLastIndex((number) => number > 0) + 1);
}

/** What one histogram says; `unusable` where it counts by other bounds, undefined where it is about no virtual node of the mesh. */
function latencyOf(mesh: string, family: Uint8Array): NodeLatency | 'unusable' | undefined {
  const name = fieldsOf(family).find(({ number }) => number === NAME_FIELD)?.content;
  const cluster = HISTOGRAM.exec(Buffer.from(name ?? []).toString())?.[1];
  const virtualNode = cluster === undefined ? undefined : virtualNodeOf(mesh, cluster);
  if (virtualNode === undefined) return undefined;
  const histogram = (list(decode(FAMILY, family)['metric'])[0]?.['histogram'] ?? {}) as ProtoJson;
  const latency = countsOf(histogram);
  return latency === undefined ? 'unusable' : { virtualNode, latency, sumMs: count(histogram['sample_sum']) };
}

/**
 * What an encoded StreamMetricsMessage says of the latencies of a mesh's virtual nodes; undefined where it cannot say any, as its histograms have other bounds.
 * An Envoy may flush all its statistics: only those that count are decoded.
 * @throws RangeError, Error for bytes that are no such message
 */
export function latenciesOf(mesh: string, message: Uint8Array): NodeLatency[] | undefined {
  const found = fieldsOf(message).flatMap(({ number, content }) => (number === FAMILIES_FIELD ? (latencyOf(mesh, content) ?? []) : []));
  const latencies = found.filter((one) => one !== 'unusable');
  return latencies.length < found.length ? undefined : latencies.filter(({ latency }) => latency.length > 0);
}
