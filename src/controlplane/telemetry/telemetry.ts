import { LATENCY_BOUNDS_MS } from '../../contracts/latency.ts';
import type { NodeTelemetry, TelemetryReader } from '../model/counts.ts';
import type { After } from '../timers.ts';
import { IntervalCounts } from './interval-counts.ts';
import type { NodeLatency } from './latency-report.ts';
import type { NodeCounts } from './load-report.ts';

export interface Telemetry extends TelemetryReader {
  /** Takes one proxy's report of a mesh. */
  report(mesh: string, counts: readonly NodeCounts[]): void;
  /** Takes what one proxy of a mesh says of how long requests took; also that there is nothing to say. */
  reportLatency(mesh: string, latencies: readonly NodeLatency[]): void;
  close(): void;
}

export interface TelemetryOptions {
  readonly intervalMs: number;
  readonly clock: () => number;
  readonly after: After;
}

const keyOf = (mesh: string, virtualNode: string): string => `${mesh}/${virtualNode}`;

/** Counts per virtual node of all meshes, in memory. A new interval begins with each multiple of its length. */
export function createTelemetry({ intervalMs, clock, after }: TelemetryOptions): Telemetry {
  const counts = new IntervalCounts({ intervalMs }, clock());
  const lastReports = new Map<string, number>();
  const lastLatencies = new Map<string, number>();
  const listeners = new Set<(now: number) => void>();
  let cancel: (() => void) | undefined;
  let told = 0;

  /** Each interval is told once, also when a read or a report closed it before its timer came. */
  const tick = (): void => {
    counts.closeUntil(clock());
    const end = counts.openUntil - intervalMs;
    if (end > told) {
      told = end;
      for (const listener of [...listeners]) listener(end);
    }
    cancel = after(Math.max(1, counts.openUntil - clock()), tick);
  };
  cancel = after(Math.max(1, counts.openUntil - clock()), tick);

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
    report: (mesh, reported) => {
      const now = clock();
      lastReports.set(mesh, now);
      for (const { virtualNode, ok, errors } of reported) counts.add(keyOf(mesh, virtualNode), { ok, errors }, now);
    },
    reportLatency: (mesh, latencies) => {
      const now = clock();
      lastLatencies.set(mesh, now);
      for (const { virtualNode, latency } of latencies) counts.add(keyOf(mesh, virtualNode), { ok: 0, errors: 0, latency }, now);
    },
    onInterval: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => {
      cancel?.();
      listeners.clear();
    },
  };
}
