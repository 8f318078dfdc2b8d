import type { Resource } from '../model/resources.ts';
import { socketAddress } from './proto.ts';
import type { IpPreference } from './specs.ts';
import type { MeshLookup, ProtoJson } from './types.ts';

/** What a node's own discovery says of IPv4 and IPv6, else its mesh; undefined where neither says anything. Gateways have their mesh's. */
export function ipPreference(mesh: MeshLookup, node?: Resource<'virtualNode'>): IpPreference | undefined {
  const { dns, awsCloudMap } = node?.spec.serviceDiscovery ?? {};
  return dns?.ipPreference ?? awsCloudMap?.ipPreference ?? mesh.mesh().spec.serviceDiscovery?.ipPreference;
}

/** Every address of the machine: of IPv4 alone, as sidecars always had it, and of IPv6 as well once there is a preference, whichever it is. */
export const everyAddress = (port: number, preference: IpPreference | undefined): ProtoJson =>
  preference === undefined ? socketAddress('0.0.0.0', port) : { socket_address: { address: '::', port_value: port, ipv4_compat: true } };

/** Where the application beside a sidecar listens. Nothing falls back: it is asked by one version of IP. */
export const localAddress = (preference: IpPreference | undefined): string => (preference === 'IPv6_ONLY' || preference === 'IPv6_PREFERRED' ? '::1' : '127.0.0.1');
