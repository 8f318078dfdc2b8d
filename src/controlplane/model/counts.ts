import type { LatencyCounts } from '../../contracts/latency.ts';

/**
 * Requests that ended within one interval, as the data plane reported them.
 * `ok` + `errors` is the total; `issued` may be lower (a refused connection issues none).
 */
export interface CountsBucket {
  /** Epoch milliseconds by the control plane's clock: the end of the interval. */
  readonly at: number;
  readonly ok: number;
  readonly errors: number;
  /** How long the answered ones took, where proxies told in this interval; their number need not be `ok` + `errors`, as it is told apart and at another pace. */
  readonly latency?: LatencyCounts | undefined;
}

/** Counts per virtual node, as `GET /meshshift/v1/telemetry/{mesh}/{virtualNode}?since=…` answers them. */
export interface NodeTelemetry {
  readonly mesh: string;
  readonly virtualNode: string;
  /** Oldest first, only those with requests; `at` > since. */
  readonly buckets: readonly CountsBucket[];
  /** Control plane's clock when it answered; ask again with it as `since`. Every bucket up to it is final. */
  readonly now: number;
  /** When any proxy last reported (epoch ms), or null if none ever did: a stale window is seen by this. */
  readonly lastReportAt: number | null;
  /** When any proxy last told latencies (or that there were none), or null if none ever did: not every proxy does. */
  readonly lastLatencyAt: number | null;
  /** The bounds that `latency` counts by, milliseconds. */
  readonly latencyBoundsMs: readonly number[];
}

/** What the watch reads in process: the same as the HTTP telemetry, and a call after each closed interval. Where there are several control planes, they are asked too. */
export interface TelemetryReader {
  read(mesh: string, virtualNode: string, since: number): NodeTelemetry | Promise<NodeTelemetry>;
  /** Calls back each time an interval closed (its buckets are final); returns how to stop. */
  onInterval(listener: (now: number) => void): () => void;
}
