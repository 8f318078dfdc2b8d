import { slowerThan } from '../contracts/latency.ts';
import type { Counts } from '../canary/judge/e-values.ts';
import type { Interval } from '../canary/judge/state.ts';
import type { CountsBucket, NodeTelemetry } from '../controlplane/model/counts.ts';
import type { MeshReading, Reading } from './port.ts';

/** Proxies report at least each second. */
const STALE_AFTER_MS = 10_000;
/** How often there is anything new: telemetry's own interval may be shorter. */
const PERIOD_MS = 1000;
/** The interval under way began before now, and proxies report up to one interval late. */
const BEHIND = 2;

const NONE: Counts = { total: 0, bad: 0 };
const newest = (...times: (number | null)[]): number | null => times.reduce((latest, at) => (at === null || (latest !== null && latest > at) ? latest : at), null);

/** What a side's buckets say, where they say it. */
type Count = (bucket: CountsBucket) => Counts | undefined;
const countRequests: Count = ({ ok, errors }) => (ok + errors === 0 ? undefined : { total: ok + errors, bad: errors });
const countSlow = (boundMs: number): Count => ({ latency }) => {
  if (latency === undefined) return undefined;
  const { total, slow } = slowerThan(latency, boundMs);
  return { total, bad: slow };
};

/**
 * Buckets of both sides → intervals, joined by the time they ended at, as one clock closes them all; a side that is not told of in an interval had
 * no request in it. The sides were read one after the other: only what both know as final is told.
 */
function join(canary: NodeTelemetry, stable: NodeTelemetry, count: Count): Interval[] {
  const now = Math.min(canary.now, stable.now);
  const index = (side: NodeTelemetry) => new Map(side.buckets.filter(({ at }) => at <= now).flatMap((bucket) => {
    const counts = count(bucket);
    return counts === undefined ? [] : [[bucket.at, counts] as const];
  }));
  const [canaries, stables] = [index(canary), index(stable)];
  const ends = [...new Set([...canaries.keys(), ...stables.keys()])].sort((a, b) => a - b);
  return ends.map((at) => ({ at, canary: canaries.get(at) ?? NONE, stable: stables.get(at) ?? NONE }));
}

/** What the telemetry of both sides tells: requests with their errors, and how long they took. */
export function mergeTelemetry(canary: NodeTelemetry, stable: NodeTelemetry): MeshReading {
  const common = { now: Math.min(canary.now, stable.now), staleAfterMs: STALE_AFTER_MS, periodMs: PERIOD_MS, behind: BEHIND };
  const reading = (count: Count, lastReportAt: number | null): Reading => ({ ...common, intervals: join(canary, stable, count), lastReportAt });
  return {
    requests: reading(countRequests, newest(canary.lastReportAt, stable.lastReportAt)),
    latency: (boundMs) => reading(countSlow(boundMs), newest(canary.lastLatencyAt, stable.lastLatencyAt)),
  };
}
