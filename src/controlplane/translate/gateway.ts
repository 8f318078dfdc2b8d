import type { Resource } from '../model/resources.ts';
import { compareGatewayRoutes, covers, domainsOf, gatewayRoutes, isForPort } from './gateway-routes.ts';
import { httpFilter } from './http-connection-manager.ts';
import { ipPreference } from './ip-preference.ts';
import { ownListener } from './listener.ts';
import { ingressStatPrefix, routeConfigName } from './names.ts';
import { portsOf } from './ports.ts';
import type { Reach } from './reach.ts';
import { inspectsTls, withTls } from './tls-chains.ts';
import type { MeshLookup, Port, ProtoJson } from './types.ts';

type Gateway = Resource<'virtualGateway'>;

const listenerOf = (gateway: Gateway, { port }: Port) => gateway.spec.listeners?.find(({ portMapping }) => portMapping?.port === port);

const routesName = ({ protocol, port }: Port): string => routeConfigName('ingress', protocol, port);

/** A listener on each port of the gateway, by its TLS mode. */
export const gatewayListeners = (mesh: MeshLookup, gateway: Gateway): ProtoJson[] =>
  portsOf(gateway.spec.listeners).map((port, _, ports) => {
    const tls = listenerOf(gateway, port)?.tls;
    const filter = httpFilter({ statPrefix: ingressStatPrefix(port, ports.length), routes: routesName(port), logging: gateway.spec.logging, isEdge: true });
    return ownListener(port.port, withTls({ filters: [filter] }, {}, tls, port.protocol), { inspectTls: inspectsTls([{ tls }]), preference: ipPreference(mesh) });
  });

/** The routes of one port: a virtual host for every host name that a gateway route names, and one for all others. */
function portRoutes(mesh: MeshLookup, gateway: Gateway, port: Port, reach: Reach): ProtoJson {
  const caller = reach.caller({
    label: String(port.port),
    tls: gateway.spec.backendDefaults?.clientPolicy?.tls,
    pool: listenerOf(gateway, port)?.connectionPool,
  });
  const routes = mesh
    .gatewayRoutesOf(gateway.name)
    .filter((route) => isForPort(route, port))
    .sort(compareGatewayRoutes)
    .map((route) => ({ domains: domainsOf(route), routes: gatewayRoutes(caller, route) }));
  const domains = [...new Set(routes.flatMap((one) => one.domains))];
  return {
    name: routesName(port),
    virtual_hosts: domains.map((domain) => ({
      name: domain,
      domains: [domain],
      routes: routes.filter((one) => one.domains.some((own) => covers(own, domain))).flatMap((one) => one.routes),
    })),
    // Host names are told apart whatever the port after them.
    ignore_port_in_host_matching: true,
    validate_clusters: false,
  };
}

/** What every port of the gateway does with a request. */
export const gatewayRouteConfigs = (mesh: MeshLookup, gateway: Gateway, reach: Reach): ProtoJson[] =>
  portsOf(gateway.spec.listeners).map((port) => portRoutes(mesh, gateway, port, reach));
