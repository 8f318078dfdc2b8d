import { LATENCY_BOUNDS_MS } from '../../contracts/latency.ts';
import { createListeners } from '../listeners.ts';
import type { NodeTelemetry, TelemetryReader } from '../model/counts.ts';
import type { After } from '../timers.ts';
import { IntervalCounts } from './interval-counts.ts';
import type { NodeLatency } from './latency-report.ts';
import type { NodeCounts } from './load-report.ts';
import { Totals, type NodeTotals } from './node-totals.ts';

export interface Telemetry extends TelemetryReader {
  read(mesh: string, virtualNode: string, since: number): NodeTelemetry;
  /** Takes one proxy's report of a mesh. What is in flight counts until the `proxy` (its stream) leaves, or says otherwise. */
  report(mesh: string, counts: readonly ReportedCounts[], proxy?: object): void;
  /** A proxy reports no more. */
  leave(proxy: object): void;
  /** Takes what one proxy of a mesh says of how long requests took; also that there is nothing to say. */
  reportLatency(mesh: string, latencies: readonly NodeLatency[]): void;
  /** Totals per virtual node since the start. */
  totals(): NodeTotals[];
  /** When any proxy of a mesh last reported, epoch ms by mesh. */
  lastReports(): ReadonlyMap<string, number>;
  /** Reports that were left out, as there were too many nodes. */
  leftOut(): number;
  close(): void;
}

type ReportedCounts = Omit<NodeCounts, 'inProgress'> & Partial<NodeCounts>;

export interface TelemetryOptions {
  readonly intervalMs: number;
  readonly clock: () => number;
  readonly after: After;
}

const keyOf = (mesh: string, virtualNode: string): string => `${mesh}/${virtualNode}`;

/** Closes intervals as they end. Each is told once, also when a read or a report closed it before its timer came. */
function startIntervals(counts: IntervalCounts, { intervalMs, clock, after }: TelemetryOptions): { readonly onEnd: TelemetryReader['onInterval']; readonly close: () => void } {
  const listeners = createListeners<[now: number]>();
  let told = 0;
  const wait = (): (() => void) => after(Math.max(1, counts.openUntil - clock()), tick);
  const tick = (): void => {
    counts.closeUntil(clock());
    const end = counts.openUntil - intervalMs;
    if (end > told) {
      told = end;
      listeners.tell(end);
    }
    cancel = wait();
  };
  let cancel = wait();
  return {
    onEnd: listeners.add,
    close: () => {
      cancel();
      listeners.clear();
    },
  };
}

/** Counts per virtual node of all meshes, in memory. A new interval begins with each multiple of its length. */
export function createTelemetry({ intervalMs, clock, after }: TelemetryOptions): Telemetry {
  const counts = new IntervalCounts({ intervalMs }, clock());
  const lastReports = new Map<string, number>();
  const lastLatencies = new Map<string, number>();
  const totals = new Totals();
  let leftOut = 0;
  const intervals = startIntervals(counts, { intervalMs, clock, after });

  const read = (mesh: string, virtualNode: string, since: number): NodeTelemetry => ({
    mesh,
    virtualNode,
    ...counts.read(keyOf(mesh, virtualNode), since, clock()),
    lastReportAt: lastReports.get(mesh) ?? null,
    lastLatencyAt: lastLatencies.get(mesh) ?? null,
    latencyBoundsMs: LATENCY_BOUNDS_MS,
  });

  return {
    read,
    report: (mesh, reported, proxy) => {
      const now = clock();
      lastReports.set(mesh, now);
      const known = reported.filter(({ virtualNode, ok, errors }) => {
        // What is only in flight makes no bucket.
        const fits = ok + errors === 0 || counts.add(keyOf(mesh, virtualNode), { ok, errors }, now);
        if (fits) totals.add({ mesh, virtualNode, ok, errors }, now);
        else leftOut += 1;
        return fits;
      });
      if (proxy !== undefined) totals.setInProgress(proxy, mesh, known.map(({ virtualNode, inProgress = 0 }) => ({ virtualNode, inProgress })));
    },
    leave: (proxy) => totals.leave(proxy),
    reportLatency: (mesh, latencies) => {
      const now = clock();
      lastLatencies.set(mesh, now);
      for (const { virtualNode, latency, sumMs } of latencies) {
        if (counts.add(keyOf(mesh, virtualNode), { ok: 0, errors: 0, latency }, now)) totals.add({ mesh, virtualNode, latency, latencySumMs: sumMs }, now);
        else leftOut += 1;
      }
    },
    totals: () => totals.read(clock()),
    lastReports: () => lastReports,
    leftOut: () => leftOut,
    onInterval: intervals.onEnd,
    close: intervals.close,
  };
}
