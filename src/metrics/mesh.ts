import * as z from 'zod/mini';
import { TransientFault } from '../contracts/faults.ts';
import type { MeshClient } from '../mesh/client.ts';
import { mergeTelemetry } from './merge-telemetry.ts';
import type { MeshMetrics } from './port.ts';

const telemetry = z.object({
  mesh: z.string(),
  virtualNode: z.string(),
  buckets: z.array(z.object({ at: z.number(), ok: z.number(), errors: z.number(), latency: z.optional(z.array(z.number())) })),
  now: z.number(),
  lastReportAt: z.nullable(z.number()),
  // A control plane that does not know latencies yet tells none.
  lastLatencyAt: z._default(z.nullable(z.number()), null),
  latencyBoundsMs: z._default(z.array(z.number()), []),
});

const REQUEST_TIMEOUT_MS = 3000;

/** The mesh's own load reports, as its control plane tells them. */
export function openMeshMetrics({ get }: Pick<MeshClient, 'get'>): MeshMetrics {
  const readNode = async (mesh: string, virtualNode: string, since: number) => {
    const response = await get(`/meshshift/v1/telemetry/${encodeURIComponent(mesh)}/${encodeURIComponent(virtualNode)}?since=${since}`, REQUEST_TIMEOUT_MS);
    if (!response.ok) throw new TransientFault(`telemetry of ${mesh}/${virtualNode} cannot be read: HTTP ${response.status}`);
    return telemetry.parse(await response.json());
  };
  return {
    read: async ({ mesh, canary, stable, since }) => mergeTelemetry(...(await Promise.all([readNode(mesh, canary, since), readNode(mesh, stable, since)]))),
  };
}
