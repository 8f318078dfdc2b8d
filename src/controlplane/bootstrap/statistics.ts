import { LATENCY_BOUNDS_MS } from '../../contracts/latency.ts';

/**
 * What an Envoy keeps of its own statistics, and tells the control plane:
 * - latency: how long requests to virtual nodes took, and nothing else: a flush is about a kilobyte.
 * - all: the same, and everything else that Envoy counts, for who reads its `/stats`: a flush is some ten kilobytes and more.
 * - none: nothing is told; metrics of latency are an outage then.
 */
export type Statistics = 'latency' | 'all' | 'none';

export const STATISTICS = ['latency', 'all', 'none'] as const satisfies readonly Statistics[];

const SUFFIX = '.upstream_rq_time';
/** The clusters that `clusterName` names, with a variant's way; Envoy matches the whole name. */
const PATTERN = 'cluster\\.cds_egress_.+_(?:http|http2|grpc|tcp)_[0-9]+(?:/.+)?\\.upstream_rq_time';

/** The part of a bootstrap that makes Envoy tell latencies by the bounds of the table, each second. */
export function statisticsOf(statistics: Statistics, grpcService: object): object {
  if (statistics === 'none') return {};
  return {
    stats_flush_interval: '1s',
    stats_sinks: [
      {
        name: 'envoy.stat_sinks.metrics_service',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.config.metrics.v3.MetricsServiceConfig',
          transport_api_version: 'V3',
          grpc_service: grpcService,
          report_counters_as_deltas: true,
          histogram_emit_mode: 'HISTOGRAM',
        },
      },
    ],
    stats_config: {
      ...(statistics === 'all' ? {} : { stats_matcher: { inclusion_list: { patterns: [{ safe_regex: { regex: PATTERN } }] } } }),
      histogram_bucket_settings: [{ match: { suffix: SUFFIX }, buckets: LATENCY_BOUNDS_MS }],
    },
  };
}
