import type { Metric } from '../contracts/analysis.ts';
import type { MeshMetrics, MeshReading, MetricSources, MetricsProvider, MetricsQuery, Reading, Wanted } from './port.ts';

/** Opens the source of a metric that is polled. @throws QueryRefused where there is none */
export type OpenPolled = (metric: Metric) => MetricsProvider | Promise<MetricsProvider>;

const messageOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
};

/** Reading may fail: that is an outcome of its own. */
export async function tryRead<T>(read: () => Promise<T>): Promise<T | Error> {
  try {
    return await read();
  } catch (cause) {
    return new Error(messageOf(cause), { cause });
  }
}

/** What the mesh's own reading says of a metric. */
export const meshReadingOf = (reading: MeshReading, { slowerThan }: Metric): Reading => (slowerThan === undefined ? reading.requests : reading.latency(slowerThan));

/** The mesh and, for metrics that have queries, what `openPolled` opens. */
export function openSources(mesh: MeshMetrics, openPolled: OpenPolled): MetricSources {
  const polled = async (query: MetricsQuery, { metric, since }: Wanted): Promise<Reading | Error> => tryRead(async () => (await openPolled(metric)).read({ ...query, since }));
  return {
    read: async (query, wanted) => {
      const own = tryRead(() => mesh.read(query));
      const read = async (one: Wanted): Promise<Reading | Error> => {
        if (one.metric.source !== 'mesh') return polled(query, one);
        const reading = await own;
        return reading instanceof Error ? reading : meshReadingOf(reading, one.metric);
      };
      const metrics = await Promise.all(wanted.map(async (one) => [one.metric.name, await read(one)] as const));
      const reading = await own;
      return { requests: reading instanceof Error ? reading : reading.requests, metrics: Object.fromEntries(metrics) };
    },
  };
}
