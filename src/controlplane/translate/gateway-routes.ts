import type { Resource } from '../model/resources.ts';
import { meet, pathSources, sourceMatch, splitMatch, type PathSource } from './gateway-path.ts';
import { bySpecificity, countConditions } from './order.ts';
import { servicePorts } from './ports.ts';
import { compact } from './proto.ts';
import { httpRoutes } from './route.ts';
import { grpcMatch, httpMatch } from './route-match.ts';
import type { GatewayRouteSpec } from './specs.ts';
import type { Caller, Port, ProtoJson } from './types.ts';

type GatewayRoute = Resource<'gatewayRoute'>;

const routeOf = (spec: GatewayRouteSpec) => spec.httpRoute ?? spec.http2Route ?? spec.grpcRoute;

/** The host names a gateway route is for, as domains of a virtual host: `name`, `*.suffix`, or all of them. Envoy's `*` stands for one character at least. */
export function domainsOf({ spec }: GatewayRoute): readonly string[] {
  const { exact, suffix } = routeOf(spec)?.match?.hostname ?? {};
  if (exact !== undefined) return [exact.toLowerCase()];
  if (suffix === undefined) return ['*'];
  const ending = suffix.toLowerCase();
  return ending.startsWith('.') ? [`*${ending}`] : [`*${ending}`, ending];
}

/** Whether requests for a domain are among those a gateway route is for: Envoy asks the most specific virtual host only. */
export function covers(routeDomain: string, domain: string): boolean {
  if (routeDomain === domain) return true;
  return routeDomain.startsWith('*') && domain.length > routeDomain.length && domain.endsWith(routeDomain.slice(1));
}

const hostRank = (route: GatewayRoute): number => {
  const [domain = '*'] = domainsOf(route);
  return domain === '*' ? 0 : domain.startsWith('*') ? domain.length : 1_000 + domain.length;
};

/** More specific first: host name, exact path, regular expression, longer prefix; then the one with more conditions. */
function specificity(route: GatewayRoute): readonly number[] {
  const http = (route.spec.httpRoute ?? route.spec.http2Route)?.match;
  const grpc = route.spec.grpcRoute?.match;
  const [exact, regex] = [http?.path?.exact, http?.path?.regex];
  const length = (exact ?? http?.prefix ?? grpc?.serviceName ?? '').length;
  return [hostRank(route), exact === undefined ? 0 : 1, regex === undefined ? 0 : 1, length, countConditions(http, grpc)];
}

/** The order in which gateway routes are tried: by priority, then the more specific first. */
export const compareGatewayRoutes = bySpecificity(specificity);

/** Whether a gateway route is for a port of its gateway. */
export const isForPort = ({ spec }: GatewayRoute, { port }: Port): boolean => {
  const wanted = routeOf(spec)?.match?.port;
  return wanted === undefined || wanted === port;
};

/** What a gateway route asks of a request: where its path may be, and everything but the path. */
function conditionsOf({ httpRoute, http2Route, grpcRoute }: GatewayRouteSpec): { sources: readonly PathSource[]; rest: ProtoJson } {
  const http = httpRoute ?? http2Route;
  if (http !== undefined) return { sources: pathSources(http), rest: splitMatch(httpMatch(http.match ?? {})).rest };
  const { path, rest } = splitMatch(grpcMatch(grpcRoute?.match ?? {}, 'envoy'));
  const from = path.prefix ?? '/';
  return { sources: [{ kind: 'prefix', from, to: from }], rest };
}

const bothLists = (name: string, ...parts: readonly ProtoJson[]): readonly unknown[] | undefined => {
  const all = parts.flatMap((part) => (part[name] as readonly unknown[] | undefined) ?? []);
  return all.length === 0 ? undefined : all;
};

/** A RouteMatch that asks what all of its parts ask. */
const all = (...parts: readonly ProtoJson[]): ProtoJson =>
  compact({ ...parts.reduce((merged, part) => ({ ...merged, ...part }), {}), headers: bothLists('headers', ...parts), query_parameters: bothLists('query_parameters', ...parts) });

interface EnvoyRoute {
  readonly name: string;
  readonly match: ProtoJson;
  readonly route?: ProtoJson;
}

/** The routes of the target service, on the port that the target names or else the service's first. */
function targetRoutes(caller: Caller, spec: GatewayRouteSpec): { service: string; routes: readonly EnvoyRoute[] } {
  const target = routeOf(spec)?.action?.target;
  const name = target?.virtualService?.virtualServiceName ?? '';
  const service = caller.mesh.virtualService(name);
  const ports = servicePorts(caller.mesh, service);
  const port = target?.port === undefined ? ports[0] : ports.find((one) => one.port === target.port);
  return { service: name, routes: port === undefined ? [] : (httpRoutes(caller, service, port) as unknown as EnvoyRoute[]) };
}

/** Of routes that match the same, the later ones are never reached. */
function firstOfEach<R extends { readonly match: ProtoJson }>(routes: readonly R[]): R[] {
  const seen = new Set<string>();
  return routes.filter(({ match }) => seen.size < seen.add(JSON.stringify(match)).size);
}

/**
 * A gateway route as Envoy routes: where its own conditions meet those of the target service's routes, in one step and without a second hop.
 * A request that the gateway route takes and the service does not is answered with 404; it does not go on to another gateway route.
 */
export function gatewayRoutes(caller: Caller, { name, spec }: GatewayRoute): ProtoJson[] {
  const { sources, rest } = conditionsOf(spec);
  const { service, routes } = targetRoutes(caller, spec);
  const keepsHost = routeOf(spec)?.action?.rewrite?.hostname?.defaultTargetHostname === 'DISABLED';
  const host: ProtoJson = keepsHost ? {} : { host_rewrite_literal: service };
  return sources.flatMap((source) => {
    const met = routes.flatMap((route) => {
      const own = splitMatch(route.match);
      const where = meet(source, own.path);
      if (where === undefined) return [];
      const { route: action, ...unserved } = route;
      const answer = action === undefined ? {} : { route: { ...action, ...host, ...where.rewrite } };
      return [{ ...unserved, name: `${name}/${route.name}`, match: all({ ...where.match }, rest, own.rest), ...answer }];
    });
    return firstOfEach([...met, { name, match: all({ ...sourceMatch(source) }, rest), direct_response: { status: 404 } }]);
  });
}
