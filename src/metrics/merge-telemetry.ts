import type { CountsBucket, NodeTelemetry } from '../controlplane/model/counts.ts';
import type { Interval } from '../canary/judge/state.ts';
import type { Reading } from './port.ts';

const NONE = { ok: 0, errors: 0 };
const toCounts = ({ ok, errors }: Pick<CountsBucket, 'ok' | 'errors'>) => ({ total: ok + errors, bad: errors });

/**
 * Buckets of both sides → intervals, joined by the time they ended at, as one clock closes them all.
 * The sides were read one after the other: only what both know as final is told.
 */
export function mergeTelemetry(canary: NodeTelemetry, stable: NodeTelemetry): Reading {
  const now = Math.min(canary.now, stable.now);
  const index = (side: NodeTelemetry) => new Map(side.buckets.filter(({ at }) => at <= now).map((bucket) => [bucket.at, bucket]));
  const [canaries, stables] = [index(canary), index(stable)];
  const ends = [...new Set([...canaries.keys(), ...stables.keys()])].sort((a, b) => a - b);
  const reports = [canary.lastReportAt, stable.lastReportAt].filter((at) => at !== null);
  return {
    intervals: ends.map((at): Interval => ({ at, canary: toCounts(canaries.get(at) ?? NONE), stable: toCounts(stables.get(at) ?? NONE) })),
    now,
    lastReportAt: reports.length === 0 ? null : Math.max(...reports),
  };
}
