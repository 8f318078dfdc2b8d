import type { Interval } from '../canary/judge/state.ts';

/** Whose counts are asked for: everything after `since` (epoch ms by the source's own clock). */
export interface MetricsQuery {
  readonly mesh: string;
  readonly canary: string;
  readonly stable: string;
  readonly since: number;
}

export interface Reading {
  /** Oldest first; each is final. */
  readonly intervals: readonly Interval[];
  /** The source's clock: everything up to it is told; ask again with it as `since`. */
  readonly now: number;
  /** When any proxy last reported, or null if none ever did. */
  readonly lastReportAt: number | null;
}

/** Where measurements come from. */
export interface MetricsProvider {
  read(query: MetricsQuery): Promise<Reading>;
}
