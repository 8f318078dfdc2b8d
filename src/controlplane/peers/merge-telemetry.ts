import { addLatency } from '../../contracts/latency.ts';
import type { CountsBucket, NodeTelemetry } from '../model/counts.ts';

function sum(one: CountsBucket, other: CountsBucket): CountsBucket {
  const latency = one.latency === undefined || other.latency === undefined ? (one.latency ?? other.latency) : addLatency(one.latency, other.latency);
  return { at: one.at, ok: one.ok + other.ok, errors: one.errors + other.errors, ...(latency === undefined ? {} : { latency }) };
}

function newest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length === 0 ? null : Math.max(...known);
}

/**
 * What several control planes know of one node, as one: their intervals are aligned to the clock, so what ended in the same one is added up.
 * Final is only what is final to each of them; a bucket that is not yet is told the next time.
 */
export function mergeInstances(own: NodeTelemetry, others: readonly NodeTelemetry[]): NodeTelemetry {
  if (others.length === 0) return own;
  const all = [own, ...others];
  const now = Math.min(...all.map((each) => each.now));
  const buckets = new Map<number, CountsBucket>();
  for (const bucket of all.flatMap((each) => each.buckets)) {
    if (bucket.at > now) continue;
    const known = buckets.get(bucket.at);
    buckets.set(bucket.at, known === undefined ? bucket : sum(known, bucket));
  }
  return {
    ...own,
    buckets: [...buckets.values()].sort((a, b) => a.at - b.at),
    now,
    lastReportAt: newest(all.map(({ lastReportAt }) => lastReportAt)),
    lastLatencyAt: newest(all.map(({ lastLatencyAt }) => lastLatencyAt)),
  };
}
