import type { Resource } from '../model/resources.ts';
import type { MeshLookup, Port, Protocol } from './types.ts';

interface WithPort {
  readonly portMapping: { readonly port: number | undefined; readonly protocol: string | undefined } | undefined;
}

export const portsOf = (listeners: readonly WithPort[] | undefined): readonly Port[] =>
  (listeners ?? []).flatMap(({ portMapping }) =>
    portMapping?.port === undefined ? [] : [{ port: portMapping.port, protocol: portMapping.protocol as Protocol }],
  );

export const isHttp = (protocol: Protocol): boolean => protocol !== 'tcp';

/** Which of a node's ports traffic for a service port goes to: the one the target names, else the same number, else the first. */
export function targetPort(node: Resource<'virtualNode'>, servicePort: number | undefined, wanted?: number): Port | undefined {
  const ports = portsOf(node.spec.listeners);
  if (wanted !== undefined) return ports.find(({ port }) => port === wanted);
  return ports.find(({ port }) => port === servicePort) ?? ports[0];
}

/**
 * The ports a virtual service is reached on: its router's, or its node's.
 * A router without listeners takes those of its targets; a service without provider is a name on port 80 that answers 404.
 */
export function servicePorts(mesh: MeshLookup, service: Resource<'virtualService'> | undefined): readonly Port[] {
  const { virtualNode, virtualRouter } = service?.spec.provider ?? {};
  if (virtualNode?.virtualNodeName !== undefined) return portsOf(mesh.virtualNode(virtualNode.virtualNodeName)?.spec.listeners);
  const routerName = virtualRouter?.virtualRouterName;
  if (routerName === undefined) return [{ port: 80, protocol: 'http' }];
  const ports = portsOf(mesh.virtualRouter(routerName)?.spec.listeners);
  return ports.length > 0 ? ports : targetPorts(mesh, routerName);
}

function targetPorts(mesh: MeshLookup, router: string): readonly Port[] {
  const targets = mesh.routesOf(router).flatMap(({ spec }) => [spec.httpRoute, spec.http2Route, spec.grpcRoute, spec.tcpRoute])
    .flatMap((route) => route?.action?.weightedTargets ?? []);
  const ports = targets.flatMap(({ virtualNode }) => portsOf(mesh.virtualNode(virtualNode ?? '')?.spec.listeners));
  return [...new Map(ports.map((port) => [port.port, port])).values()];
}
