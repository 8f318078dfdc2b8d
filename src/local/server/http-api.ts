import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../contracts/is-record.ts';
import type { Log } from '../../contracts/log.ts';
import type { DeployedFunction } from '../deployment/types.ts';
import { parseJson } from '../json.ts';
import type { LambdaHost } from '../lambda/host.ts';
import { answer } from './answer.ts';

/** A route of the HTTP API and the function it reaches. */
interface Route {
  readonly method: string;
  readonly path: string;
  readonly matches: RegExp;
  readonly functionName: string;
}

/** The HTTP API that API Gateway is on AWS: requests become events (payload format 2.0) of the functions that serverless.yml names. */
export interface HttpApi {
  /** Whether any route has this path, whatever the method. */
  owns(path: string): boolean;
  handle(request: IncomingMessage, body: string, response: ServerResponse): Promise<void>;
}

const toPattern = (path: string): RegExp => new RegExp(`^${path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`);

function toEvent(request: IncomingMessage, body: string, route: Route, url: URL): object {
  const query = Object.fromEntries([...new Set(url.searchParams.keys())].map((name) => [name, url.searchParams.getAll(name).join(',')]));
  const parameters = route.matches.exec(url.pathname)?.groups ?? {};
  return {
    version: '2.0',
    routeKey: `${route.method} ${route.path}`,
    rawPath: url.pathname,
    rawQueryString: url.search.slice(1),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(',') : value])),
    ...(Object.keys(query).length === 0 ? {} : { queryStringParameters: query }),
    pathParameters: { ...parameters },
    requestContext: { http: { method: request.method, path: url.pathname, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1' }, requestId: randomUUID(), stage: '$default' },
    ...(body === '' ? {} : { body }),
    isBase64Encoded: false,
  };
}

const isHeaders = (value: unknown): value is Record<string, string> => isRecord(value) && Object.values(value).every((entry) => typeof entry === 'string');

function respond(response: ServerResponse, payload: string): void {
  const result = parseJson(payload);
  if (!isRecord(result) || typeof result['statusCode'] !== 'number') {
    answer(response, 200, payload);
    return;
  }
  const { statusCode, headers, body } = result;
  answer(response, statusCode, typeof body === 'string' ? body : '', isHeaders(headers) ? headers : {});
}

export function openHttpApi(functions: readonly DeployedFunction[], lambda: LambdaHost, log: Log): HttpApi {
  const routes: Route[] = functions.flatMap(({ name, routes: own }) => own.map(({ method, path }) => ({ method, path, matches: toPattern(path), functionName: name })));
  return {
    owns: (path) => routes.some(({ matches }) => matches.test(path)),
    handle: async (request, body, response) => {
      const url = new URL(request.url ?? '/', 'http://127.0.0.1');
      const found = routes.filter(({ matches }) => matches.test(url.pathname));
      const route = found.find(({ method }) => method === request.method);
      if (route === undefined) {
        answer(response, 405, JSON.stringify({ error: 'MethodNotAllowed', message: `${url.pathname} takes ${found.map(({ method }) => method).join(', ')}` }));
        return;
      }
      const result = await lambda.invoke(route.functionName, JSON.stringify(toEvent(request, body, route, url)));
      if ('payload' in result) {
        respond(response, result.payload);
        return;
      }
      // As API Gateway does: what went wrong inside is in the log, not in the answer.
      log('error', 'a function failed', { function: route.functionName, error: `${result.error.errorType}: ${result.error.errorMessage}` });
      answer(response, 500, JSON.stringify({ error: result.error.errorType, message: 'Internal Server Error' }));
    },
  };
}
