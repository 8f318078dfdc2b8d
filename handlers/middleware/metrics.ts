import { openAws } from '../../src/aws/call.ts';
import { cloudWatchMetricsOf } from '../../src/metrics/open-cloudwatch.ts';
import { openMeshMetrics } from '../../src/metrics/mesh.ts';
import { openPolledMetrics } from '../../src/metrics/open-polled.ts';
import type { MeshMetrics } from '../../src/metrics/port.ts';
import { openSources, type OpenPolled } from '../../src/metrics/sources.ts';
import { meshOf, type Environment } from './environment.ts';
import type { Part } from './ports.ts';
import { readPrometheusToken } from './secrets.ts';

/** Without AWS there is no CloudWatch, unless it is said where. */
const hasCloudWatch = (env: Environment): boolean => env['MESHSHIFT_DATA'] === undefined || Boolean(env['AWS_ENDPOINT_URL_CLOUDWATCH']);

/** How metrics that have queries are read. */
export const openPolledOf = async (env: Environment): Promise<OpenPolled> =>
  openPolledMetrics({
    prometheusUrl: env['MESHSHIFT_PROMETHEUS_URL'],
    prometheusToken: await readPrometheusToken(env),
    openCloudWatch: hasCloudWatch(env) ? cloudWatchMetricsOf(openAws(env), Date.now) : undefined,
  });

/** Reads the metrics of a definition, whatever their sources are. */
export const metrics: Part = async (env) => ({ metrics: openSources(openMeshMetrics(meshOf()), await openPolledOf(env)) });

/** What proxies tell is the business of the control plane's own watch. */
const noMesh: MeshMetrics = { read: () => Promise.reject(new Error('the mesh is not read here')) };

/** Reads only metrics that have queries. */
export const polledMetrics: Part = async (env) => ({ metrics: openSources(noMesh, await openPolledOf(env)) });
