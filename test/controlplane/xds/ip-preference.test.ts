import type { IpPreference } from '@aws-sdk/client-app-mesh';
import type { ProtoJson, Proxy } from '../../../src/controlplane/translate/types.ts';
import { translated } from '../../support/goldens.ts';
import type { MeshSpecs } from '../../support/mesh.ts';

const LISTENERS = [{ portMapping: { port: 8080, protocol: 'http' as const } }];
const DNS = { dns: { hostname: 'app.local' } };
type Discovery = NonNullable<NonNullable<MeshSpecs['virtualNodes']>[string]['serviceDiscovery']>;

const IPV4 = { address: '0.0.0.0' };
const BOTH = { address: '::', ipv4_compat: true };

const meshWith = (preference: IpPreference | undefined, serviceDiscovery: Discovery): MeshSpecs => ({
  name: 'm',
  ...(preference === undefined ? {} : { spec: { serviceDiscovery: { ipPreference: preference } } }),
  virtualNodes: { app: { listeners: LISTENERS, serviceDiscovery } },
  virtualGateways: { gw: { listeners: LISTENERS } },
});

const socketOf = (resource: ProtoJson): Record<string, unknown> => {
  const { port_value: _, ...socket } = (resource as { address: { socket_address: Record<string, unknown> } }).address.socket_address;
  return socket;
};

/** Where a proxy's listeners are, and who its local cluster hands traffic to. */
function seen(mesh: MeshSpecs, kind: Proxy['kind'], name: string): { listening: unknown[]; local: unknown[] } {
  const { listener, cluster } = translated(mesh, { mesh: mesh.name, kind, name, client: 'envoy' });
  const local = [...cluster.values()].filter((one) => String(one['name']).startsWith('cds_ingress_'));
  return {
    listening: [...listener.values()].map(socketOf),
    local: local.map((one) => (one as { load_assignment: { endpoints: [{ lb_endpoints: [{ endpoint: ProtoJson }] }] } }).load_assignment.endpoints[0].lb_endpoints[0].endpoint).map((one) => socketOf(one)['address']),
  };
}

// AWS's walkthrough of IPv6 has this table.
test.each<[string, IpPreference | undefined, Discovery, object, string]>([
  ['none', undefined, DNS, IPV4, '127.0.0.1'],
  ['the mesh: IPv4_ONLY', 'IPv4_ONLY', DNS, BOTH, '127.0.0.1'],
  ['the mesh: IPv4_PREFERRED', 'IPv4_PREFERRED', DNS, BOTH, '127.0.0.1'],
  ['the mesh: IPv6_ONLY', 'IPv6_ONLY', DNS, BOTH, '::1'],
  ['the mesh: IPv6_PREFERRED', 'IPv6_PREFERRED', DNS, BOTH, '::1'],
  ['the node by DNS', undefined, { dns: { hostname: 'app.local', ipPreference: 'IPv6_PREFERRED' } }, BOTH, '::1'],
  ['the node by Cloud Map, before the mesh', 'IPv6_ONLY', { awsCloudMap: { namespaceName: 'n', serviceName: 's', ipPreference: 'IPv4_PREFERRED' } }, BOTH, '127.0.0.1'],
])('a sidecar by the preference of %s', (_whose, preference, discovery, address, local) => {
  expect(seen(meshWith(preference, discovery), 'virtualNode', 'app')).toEqual({ listening: [address, address], local: [local] });
});

test('a gateway listens by the preference of its mesh', () => {
  const listening = (preference?: IpPreference): unknown[] => seen(meshWith(preference, { dns: { hostname: 'app.local', ipPreference: 'IPv6_ONLY' } }), 'virtualGateway', 'gw').listening;
  expect([listening(), listening('IPv4_PREFERRED')]).toEqual([[IPV4], [BOTH]]);
});
