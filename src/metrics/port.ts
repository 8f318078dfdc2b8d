import type { Interval } from '../canary/judge/state.ts';
import type { Metric } from '../contracts/analysis.ts';

/** Whose counts are asked for: everything after `since` (epoch ms by the source's own clock). */
export interface MetricsQuery {
  readonly mesh: string;
  readonly canary: string;
  readonly stable: string;
  readonly since: number;
  /** Gives the reading up. */
  readonly signal?: AbortSignal;
}

export interface Reading {
  /** Oldest first; each is final. */
  readonly intervals: readonly Interval[];
  /** The source's clock: everything up to it is told; ask again with it as `since`. */
  readonly now: number;
  /** When anything was last reported, or null if nothing ever was. */
  readonly lastReportAt: number | null;
  /** A newest report that is older than this says that the source is cut off. */
  readonly staleAfterMs: number;
  /** The length of an interval, and so how often there is anything new to read. */
  readonly periodMs: number;
  /** How many intervals to come still hold what was before this reading. */
  readonly behind: number;
}

/** Where the measurements of one metric come from. @throws QueryRefused, TransientFault */
export interface MetricsProvider {
  read(query: MetricsQuery): Promise<Reading>;
}

/** Everything that the mesh's proxies tell of both sides, read at once. */
export interface MeshReading {
  /** Requests and errors. */
  readonly requests: Reading;
  /** Requests whose time is known, and those that took `boundMs` or longer, a bound of the table. */
  latency(boundMs: number): Reading;
}

export interface MeshMetrics {
  read(query: MetricsQuery): Promise<MeshReading>;
}

/** A metric and what is known of it already. */
export interface Wanted {
  readonly metric: Metric;
  readonly since: number;
}

/** What was read: the mesh's requests, and each metric, or why it could not be. */
export interface Readings {
  readonly requests: Reading | Error;
  readonly metrics: Readonly<Record<string, Reading | Error>>;
}

/** All sources of a rollout's metrics. */
export interface MetricSources {
  /** Reads what the mesh tells since, and the metrics that are wanted. A source that fails does not keep the others from being read. */
  read(query: MetricsQuery, wanted: readonly Wanted[]): Promise<Readings>;
}
