import type { GrpcRoute, HttpRoute, HttpTimeout, RouteSpec, TcpRoute, WeightedTarget } from './specs.ts';
import type { Resource } from '../model/resources.ts';
import { bySpecificity, countConditions } from './order.ts';
import { targetPort } from './ports.ts';
import { compact, duration } from './proto.ts';
import { retryPolicy, retryPolicyForGrpc } from './retry-policy.ts';
import { grpcMatch, httpMatch, httpMatchForGrpc } from './route-match.ts';
import type { Caller, MeshLookup, Port, ProtoJson } from './types.ts';

/** A virtual node's port that some route sends traffic to. */
export interface Target {
  readonly node: Resource<'virtualNode'>;
  readonly port: Port;
  readonly weight: number;
}

/** AWS's request timeout where none is set. */
const DEFAULT_TIMEOUT = '15s';

const httpRouteOf = (spec: RouteSpec): HttpRoute | undefined => spec.httpRoute ?? spec.http2Route;

/** More specific first: exact path, regular expression, longer prefix; then the one with more conditions. */
function specificity({ spec }: Resource<'route'>): readonly number[] {
  const http = httpRouteOf(spec)?.match;
  const grpc = spec.grpcRoute?.match;
  const exact = http?.path?.exact ?? (grpc?.methodName === undefined ? undefined : `${grpc.serviceName ?? ''}/${grpc.methodName}`);
  const prefix = http?.prefix ?? grpc?.serviceName ?? '';
  return [exact === undefined ? 0 : 1, http?.path?.regex === undefined ? 0 : 1, exact?.length ?? prefix.length, countConditions(http, grpc)];
}

const compareRoutes = bySpecificity(specificity);

const isFor = (port: Port, match: { readonly port?: number | undefined } | undefined): boolean => match?.port === undefined || match.port === port.port;

/** Targets whose node, or its port, is not there are left out: Envoy would answer 503 for their share without saying why. */
function resolveTargets(mesh: MeshLookup, servicePort: Port, targets: readonly WeightedTarget[] | undefined): Target[] {
  return (targets ?? []).flatMap(({ virtualNode, weight = 0, port: wanted }) => {
    const node = mesh.virtualNode(virtualNode ?? '');
    const port = node && targetPort(node, servicePort.port, wanted);
    return node === undefined || port === undefined ? [] : [{ node, port, weight }];
  });
}

/** The share of each target, whose cluster is thereby part of the configuration. HTTP keeps targets of weight 0: they get ready before their share. */
export const weightedClusters = (caller: Caller, targets: readonly Target[]): ProtoJson => ({
  clusters: targets.map(({ node, port, weight }) => ({ name: caller.cluster(node, port), weight })),
});

interface RouteAction {
  readonly targets: readonly Target[];
  readonly retry: HttpRoute['retryPolicy'] | GrpcRoute['retryPolicy'];
  readonly timeout: HttpTimeout | undefined;
}

const actionForEnvoy = (caller: Caller, { targets, retry, timeout }: RouteAction): ProtoJson =>
  compact({
    weighted_clusters: weightedClusters(caller, targets),
    timeout: duration(timeout?.perRequest) ?? DEFAULT_TIMEOUT,
    idle_timeout: duration(timeout?.idle),
    retry_policy: retryPolicy(retry),
  });

/** Proxyless gRPC takes its deadline from max_stream_duration and knows no idle timeout. */
const actionForGrpc = (caller: Caller, { targets, retry, timeout }: RouteAction): ProtoJson =>
  compact({
    weighted_clusters: weightedClusters(caller, targets),
    max_stream_duration: { max_stream_duration: duration(timeout?.perRequest) ?? DEFAULT_TIMEOUT },
    retry_policy: retryPolicyForGrpc(retry),
  });

/** Envoy refuses weights that are all zero, gRPC a direct response: with nobody to send to, Envoy says 503 and gRPC has no route. */
function oneRoute(caller: Caller, name: string, match: ProtoJson | undefined, action: RouteAction): ProtoJson[] {
  if (match === undefined) return [];
  const served = action.targets.some(({ weight }) => weight > 0);
  if (caller.client === 'grpc') return served ? [{ name, match, route: actionForGrpc(caller, action) }] : [];
  return [served ? { name, match, route: actionForEnvoy(caller, action) } : { name, match, direct_response: { status: 503 } }];
}

function translateRoute(caller: Caller, { name, spec }: Resource<'route'>, port: Port): ProtoJson[] {
  const http = httpRouteOf(spec);
  const route = http ?? spec.grpcRoute;
  if (route === undefined || !isFor(port, route.match)) return [];
  const targets = resolveTargets(caller.mesh, port, route.action?.weightedTargets);
  const match =
    http === undefined
      ? grpcMatch(spec.grpcRoute?.match ?? {}, caller.client)
      : caller.client === 'grpc'
        ? httpMatchForGrpc(http.match ?? {})
        : httpMatch(http.match ?? {});
  return oneRoute(caller, name, match, { targets, retry: route.retryPolicy, timeout: route.timeout });
}

/** The one route of a service that a virtual node provides. */
function nodeRoute(caller: Caller, nodeName: string, port: Port): ProtoJson[] {
  const targets = resolveTargets(caller.mesh, port, [{ virtualNode: nodeName, weight: 100 }]);
  return targets.length === 0 ? [] : oneRoute(caller, nodeName, { prefix: '/' }, { targets, retry: undefined, timeout: undefined });
}

/** The HTTP, HTTP/2 and gRPC routes of a service on one of its ports, in the order they are tried. The kind of route need not be the router's protocol. */
export function httpRoutes(caller: Caller, service: Resource<'virtualService'> | undefined, port: Port): ProtoJson[] {
  const { virtualNode, virtualRouter } = service?.spec.provider ?? {};
  if (virtualNode?.virtualNodeName !== undefined) return nodeRoute(caller, virtualNode.virtualNodeName, port);
  const routes = [...caller.mesh.routesOf(virtualRouter?.virtualRouterName ?? '')].sort(compareRoutes);
  return routes.flatMap((route) => translateRoute(caller, route, port));
}

const tcpRouteFor = (port: Port) => (route: Resource<'route'>): boolean => route.spec.tcpRoute !== undefined && isFor(port, route.spec.tcpRoute.match);

/** The first TCP route of a service on a port, its targets without those of weight 0 (Envoy refuses them). */
export function tcpRoute(mesh: MeshLookup, service: Resource<'virtualService'> | undefined, port: Port): { route?: TcpRoute; targets: readonly Target[] } {
  const { virtualNode, virtualRouter } = service?.spec.provider ?? {};
  if (virtualNode !== undefined) return { targets: resolveTargets(mesh, port, [{ virtualNode: virtualNode.virtualNodeName, weight: 100 }]) };
  const route = [...mesh.routesOf(virtualRouter?.virtualRouterName ?? '')].sort(compareRoutes).find(tcpRouteFor(port))?.spec.tcpRoute;
  const targets = resolveTargets(mesh, port, route?.action?.weightedTargets).filter(({ weight }) => weight > 0);
  return route === undefined ? { targets } : { route, targets };
}
