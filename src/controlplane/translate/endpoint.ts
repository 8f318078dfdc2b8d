import type { Endpoint } from '../model/resources.ts';
import { socketAddress } from './proto.ts';
import type { ProtoJson } from './types.ts';

/** gRPC clients refuse endpoints without a locality and give those without a weight no traffic. */
const locality = (endpoints: readonly Endpoint[]): ProtoJson => ({
  locality: { region: 'local' },
  load_balancing_weight: endpoints.length,
  lb_endpoints: endpoints.map(({ ip, port }) => ({ endpoint: { address: socketAddress(ip, port) }, load_balancing_weight: 1 })),
});

/** The addresses of a cluster of type EDS. */
export const loadAssignment = (cluster: string, endpoints: readonly Endpoint[]): ProtoJson => ({
  cluster_name: cluster,
  endpoints: endpoints.length === 0 ? [] : [locality(endpoints)],
});
