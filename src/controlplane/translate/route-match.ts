import type { GrpcRouteMatch, HttpQueryParameter, HttpRouteHeader, HttpRouteMatch } from './specs.ts';
import { compact } from './proto.ts';
import { regexMatcher } from './regex.ts';
import type { ProtoJson } from './types.ts';

/** A value matcher of App Mesh: a header's or a metadata entry's. */
type ValueMatch = NonNullable<HttpRouteHeader['match']>;

const stringMatch = (match: ValueMatch): ProtoJson =>
  match.regex !== undefined ? { safe_regex: regexMatcher(match.regex) } : compact({ exact: match.exact, prefix: match.prefix, suffix: match.suffix });

function headerMatch({ name, invert, match }: HttpRouteHeader): ProtoJson {
  const how =
    match === undefined
      ? { present_match: true }
      : match.range !== undefined
        ? { range_match: { start: String(match.range.start), end: String(match.range.end) } }
        : { string_match: stringMatch(match) };
  return compact({ name, ...how, invert_match: invert });
}

const pseudoHeader = (name: string, value: string | undefined): ProtoJson[] =>
  value === undefined ? [] : [{ name, string_match: { exact: value } }];

const queryMatch = ({ name, match }: HttpQueryParameter): ProtoJson =>
  match?.exact === undefined ? { name, present_match: true } : { name, string_match: { exact: match.exact } };

function httpPath({ prefix, path }: HttpRouteMatch): ProtoJson {
  if (path?.exact !== undefined) return { path: path.exact };
  if (path?.regex !== undefined) return { safe_regex: regexMatcher(path.regex) };
  return { prefix: prefix ?? '/' };
}

const nonEmpty = (list: readonly ProtoJson[]): readonly ProtoJson[] | undefined => (list.length > 0 ? list : undefined);

/** The RouteMatch of an http or http2 route. */
export const httpMatch = (match: HttpRouteMatch): ProtoJson =>
  compact({
    ...httpPath(match),
    headers: nonEmpty([
      ...pseudoHeader(':method', match.method),
      ...pseudoHeader(':scheme', match.scheme),
      ...(match.headers ?? []).map(headerMatch),
    ]),
    query_parameters: nonEmpty((match.queryParameters ?? []).map(queryMatch)),
  });

/**
 * The RouteMatch of an http or http2 route for a proxyless gRPC client, or undefined when it can never match a gRPC call there:
 * those clients do not see query parameters or pseudo headers, and ignore what they do not know. Every call is a POST.
 */
export function httpMatchForGrpc(match: HttpRouteMatch): ProtoJson | undefined {
  const { method, queryParameters = [], headers = [] } = match;
  if ((method !== undefined && method !== 'POST') || queryParameters.length > 0 || match.scheme === 'https') return undefined;
  return compact({ ...httpPath(match), headers: nonEmpty(headers.map(headerMatch)) });
}

function grpcPath({ serviceName, methodName }: GrpcRouteMatch): ProtoJson {
  if (serviceName === undefined) return { prefix: '/' };
  return methodName === undefined ? { prefix: `/${serviceName}/` } : { path: `/${serviceName}/${methodName}` };
}

/** The RouteMatch of a gRPC route. Envoy is told to match gRPC requests only; a gRPC client makes no others. */
export const grpcMatch = (match: GrpcRouteMatch, client: 'envoy' | 'grpc'): ProtoJson =>
  compact({ ...grpcPath(match), headers: nonEmpty((match.metadata ?? []).map(headerMatch)), grpc: client === 'envoy' ? {} : undefined });
