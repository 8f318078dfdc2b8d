import { openMeshMetrics } from '../../src/metrics/mesh.ts';
import { openPolledMetrics } from '../../src/metrics/open-polled.ts';
import { openSources, type OpenPolled } from '../../src/metrics/sources.ts';
import { keep, meshOf, type Environment } from './environment.ts';
import type { Part } from './ports.ts';
import { readPrometheusToken } from './secrets.ts';

const cloudWatchOf = keep(['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_CLOUDWATCH', 'AWS_REGION'], async () => (await import('./lazy/open-cloudwatch.ts')).openCloudWatch());

/** Without AWS there is no CloudWatch, unless it is said where. */
const hasCloudWatch = (env: Environment): boolean => env['MESHSHIFT_DATA'] === undefined || Boolean(env['AWS_ENDPOINT_URL_CLOUDWATCH']);

/** How metrics that have queries are read. Most definitions have none: CloudWatch's client is loaded by the first one asked for. */
export const openPolledOf = async (env: Environment): Promise<OpenPolled> =>
  openPolledMetrics({
    prometheusUrl: env['MESHSHIFT_PROMETHEUS_URL'],
    prometheusToken: await readPrometheusToken(env),
    openCloudWatch: hasCloudWatch(env) ? async (metric) => (await cloudWatchOf())(metric) : undefined,
  });

/** Reads the metrics of a definition, whatever their sources are. */
export const metrics: Part = async (env) => ({ metrics: openSources(openMeshMetrics(meshOf()), await openPolledOf(env)) });
