import { LATENCY_BOUNDS_MS } from '../../contracts/latency.ts';
import type { MeshReader, MeshView } from '../model/resources.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import type { NodeTotals } from '../telemetry/node-totals.ts';
import type { AdsService } from '../xds/ads-service.ts';
import type { EventLoopLag } from './event-loop-lag.ts';
import { histogramSamples, type Family, type Sample } from './exposition.ts';

export interface MetricSources {
  readonly reader: MeshReader;
  readonly telemetry: Pick<Telemetry, 'totals' | 'lastReports' | 'leftOut'>;
  readonly connected: AdsService['connected'];
  readonly exchanges: AdsService['exchanges'];
  readonly lag: Pick<EventLoopLag, 'samples'>;
  /** Epoch milliseconds when this process started. */
  readonly startedAt: number;
}

/** Some 26 series each: of more nodes than this the text is too long to scrape, and to make without a pause. The others are counted. */
const MOST_NODES = 2000;

/** Bounds that Prometheus users know: seconds. */
const BOUNDS_SECONDS = LATENCY_BOUNDS_MS.map((bound) => bound / 1000);

const labelsOf = ({ mesh, virtualNode }: NodeTotals) => ({ mesh, virtual_node: virtualNode });
const gauge = (name: string, help: string, samples: readonly Sample[]): Family => ({ name, help, type: 'gauge', samples });
const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({ name, help, type: 'counter', samples });
const only = (value: number): Sample[] => [{ labels: {}, value }];

function nodeFamilies(totals: readonly NodeTotals[]): Family[] {
  const shown = totals.slice(0, MOST_NODES);
  return [
    counter(
      'meshshift_requests_total',
      'Requests to a virtual node that ended, as the callers’ proxies reported them; an error is a 5xx of 500, 502, 503 or 504, such a gRPC status, or no answer.',
      shown.flatMap((node) => [
        { labels: { ...labelsOf(node), outcome: 'ok' }, value: node.ok },
        { labels: { ...labelsOf(node), outcome: 'error' }, value: node.errors },
      ]),
    ),
    gauge('meshshift_requests_in_progress', 'Requests to a virtual node that have no answer yet.', shown.map((node) => ({ labels: labelsOf(node), value: node.inProgress }))),
    {
      name: 'meshshift_request_duration_seconds',
      help: 'How long answered requests to a virtual node took, in whole milliseconds; a bucket holds those that took less than its bound.',
      type: 'histogram',
      samples: shown.flatMap((node) => (node.latency === undefined ? [] : histogramSamples(labelsOf(node), BOUNDS_SECONDS, node.latency, node.latencySumMs / 1000))),
    },
    gauge('meshshift_nodes_left_out', `Virtual nodes that are not shown here, as there are more than ${MOST_NODES}; ask for one mesh.`, only(totals.length - shown.length)),
  ];
}

function proxyFamilies({ connected, exchanges }: MetricSources, isShown: (mesh: string) => boolean): Family[] {
  const counts = new Map<string, Sample>();
  for (const { proxy, stream } of connected()) {
    if (!isShown(proxy.mesh)) continue;
    const labels = { mesh: proxy.mesh, kind: proxy.client, state: stream.state.state };
    const key = JSON.stringify(labels);
    counts.set(key, { labels, value: (counts.get(key)?.value ?? 0) + 1 });
  }
  return [
    gauge('meshshift_proxies_connected', 'Proxies and proxyless clients that are connected, by what they made of their newest configuration.', [...counts.values()]),
    counter('meshshift_xds_responses_total', 'Configurations that were sent to proxies, accepted and refused by them.', exchanges().map(({ what, type, count }) => ({ labels: { type, outcome: what }, value: count }))),
  ];
}

/** By kind, as the view has them; a mesh counts itself. */
const sizesOf = ({ virtualNodes, virtualRouters, routes, virtualServices, virtualGateways, gatewayRoutes }: MeshView) => ({
  virtualNode: virtualNodes.size,
  virtualRouter: virtualRouters.size,
  route: routes.size,
  virtualService: virtualServices.size,
  virtualGateway: virtualGateways.size,
  gatewayRoute: gatewayRoutes.size,
});

function meshFamilies({ reader, telemetry }: MetricSources, meshes: readonly string[]): Family[] {
  const reports = telemetry.lastReports();
  return [
    gauge('meshshift_resources', 'Resources of a mesh.', meshes.flatMap((mesh) => {
      const view = reader.view(mesh);
      return view === undefined ? [] : Object.entries(sizesOf(view)).map(([kind, value]) => ({ labels: { mesh, kind }, value }));
    })),
    gauge('meshshift_last_load_report_timestamp_seconds', 'When any proxy of a mesh last reported its load.', meshes.flatMap((mesh) => {
      const at = reports.get(mesh);
      return at === undefined ? [] : [{ labels: { mesh }, value: at / 1000 }];
    })),
  ];
}

function processFamilies({ telemetry, lag, startedAt }: MetricSources): Family[] {
  const { user, system } = process.cpuUsage();
  return [
    counter('meshshift_reports_left_out_total', 'Reports of virtual nodes that were not counted, as there were too many nodes.', only(telemetry.leftOut())),
    { name: 'meshshift_event_loop_lag_seconds', help: 'How late timers of the control plane came since the last scrape, by quantile.', type: 'summary', samples: lag.samples() },
    gauge('process_resident_memory_bytes', 'Memory that the process holds.', only(process.memoryUsage.rss())),
    counter('process_cpu_seconds_total', 'User and system time that the process spent.', only((user + system) / 1e6)),
    gauge('process_start_time_seconds', 'When the process started.', only(startedAt / 1000)),
  ];
}

/** What the control plane knows at this moment, of one mesh or of all. The process's own figures come with all. */
export function collectMetrics(sources: MetricSources, mesh?: string): Family[] {
  const meshes = sources.reader.meshNames().filter((name) => mesh === undefined || name === mesh);
  const totals = sources.telemetry.totals().filter((node) => mesh === undefined || node.mesh === mesh);
  const proxies = proxyFamilies(sources, (name) => mesh === undefined || name === mesh);
  const all = mesh === undefined ? processFamilies(sources) : [];
  // What is sent is not counted by mesh.
  return [...nodeFamilies(totals), ...(mesh === undefined ? proxies : proxies.slice(0, 1)), ...meshFamilies(sources, meshes), ...all];
}
