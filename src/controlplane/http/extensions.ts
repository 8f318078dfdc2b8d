import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../contracts/log.ts';
import type { EndpointRegistry } from '../endpoints/endpoint-registry.ts';
import type { TelemetryReader } from '../model/counts.ts';
import type { MeshReader } from '../model/resources.ts';
import type { Publisher } from '../snapshot/publisher.ts';
import type { ConnectedProxy } from '../xds/ads-service.ts';
import { CONTENT_TYPE } from '../metrics/exposition.ts';
import { OWN, type Company } from '../peers/open-sharing.ts';
import { PeerSilent } from '../peers/peers.ts';
import { propagationOf, routePropagationOf, type Propagation } from '../xds/propagation.ts';
import { badRequest, notFound, RequestRefused } from './errors.ts';
import { parseEndpoints } from './parse-endpoints.ts';
import { BodyTooLarge, RequestAborted, requestBody } from './request-body.ts';

export interface ExtensionsOptions {
  readonly endpoints: EndpointRegistry;
  readonly telemetry: TelemetryReader;
  readonly reader: MeshReader;
  readonly publisher: Publisher;
  readonly connected: () => readonly ConnectedProxy[];
  /** Where there are several control planes: what all of them know. */
  readonly company?: Pick<Company, 'readTelemetry' | 'propagation'> | undefined;
  /** Takes over what others changed of a mesh until now. */
  readonly catchUp?: ((mesh: string) => Promise<void>) | undefined;
  /** Prometheus's text, of one mesh or of all. */
  readonly metrics: (mesh?: string) => string;
  readonly log: Log;
}

export interface Extensions {
  owns(path: string): boolean;
  /** Answers a request; never rejects. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

interface Asked {
  readonly names: readonly string[];
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
}

const PREFIX = '/meshshift/v1/';
const FAMILIES: ReadonlySet<string> = new Set(['endpoints', 'telemetry', 'propagation', 'metrics']);

async function bodyOf(request: IncomingMessage): Promise<string> {
  try {
    return (await requestBody(request)).toString('utf8');
  } catch (error) {
    throw error instanceof BodyTooLarge ? new RequestRefused(413, 'BadRequestException', error.message) : error;
  }
}

function since(query: URLSearchParams): number {
  const text = query.get('since') ?? '0';
  if (!/^\d{1,16}(\.\d+)?$/.test(text)) throw badRequest(`'since': must be epoch milliseconds, is ${text.slice(0, 40)}`);
  return Number(text);
}

/** Of a whole mesh, or of one route. */
function propagationFor(query: URLSearchParams, ...source: Parameters<typeof propagationOf>): Propagation {
  const [router, route] = [query.get('virtualRouter'), query.get('route')];
  if ((router === null) !== (route === null)) throw badRequest("'virtualRouter', 'route': a route is named by both, or neither is given");
  return router === null || route === null ? propagationOf(...source) : routePropagationOf(...source, router, route);
}

const familyOf = (path: string): string | undefined => {
  const [family] = path.startsWith(PREFIX) ? path.slice(PREFIX.length).split(/[/?]/) : [];
  return family !== undefined && FAMILIES.has(family) ? family : undefined;
};

function decodeName(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw badRequest(`'${part.slice(0, 80)}': is not percent-encoded text`);
  }
}

/** App Mesh's rule for names of resources. */
function checkName(name: string): string {
  if (name.length < 1 || name.length > 255 || name.includes('/')) throw badRequest(`'${name.slice(0, 80)}': a name has 1 to 255 characters and no slash`);
  return name;
}

/** An answer that is no JSON. */
class Text {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function answerWith(response: ServerResponse, answered: unknown): void {
  if (answered instanceof Text) response.writeHead(200, { 'content-type': CONTENT_TYPE }).end(answered.text);
  else send(response, 200, answered);
}

function failWith(response: ServerResponse, error: unknown, log: Log): void {
  if (error instanceof RequestAborted) {
    response.destroy();
    return;
  }
  if (error instanceof RequestRefused) {
    send(response, error.status, { code: error.code, message: error.message }, { 'x-amzn-errortype': error.code });
    return;
  }
  if (error instanceof PeerSilent) {
    log('warn', 'a request was not answered for all control planes', { error: error.message });
    send(response, 503, { code: 'ServiceUnavailableException', message: error.message }, { 'x-amzn-errortype': 'ServiceUnavailableException' });
    return;
  }
  log('error', 'a request failed', { error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  send(response, 500, { code: 'InternalServerErrorException', message: 'the request failed; the log says why' });
}

/** The control plane's own HTTP API beside App Mesh's: endpoints, telemetry, propagation and metrics. */
export function createExtensions({ endpoints, telemetry, reader, publisher, connected, metrics, company, catchUp, log }: ExtensionsOptions): Extensions {
  const ofAll = company?.readTelemetry(telemetry) ?? telemetry;
  const registered = (mesh: string, node: string) => {
    const found = endpoints.of(mesh, node);
    if (found === undefined) throw notFound(`no endpoints are registered for virtual node ${node} of mesh ${mesh}`);
    return found;
  };
  const viewOf = (mesh: string) => {
    const view = reader.view(mesh);
    if (view === undefined) throw notFound(`Mesh with name ${mesh} is not present`);
    return view;
  };

  const howFar = async (mesh: string, query: URLSearchParams, path: string): Promise<Propagation> => {
    await catchUp?.(mesh);
    const own = propagationFor(query, viewOf(mesh), connected(), publisher);
    return company === undefined || query.has(OWN) ? own : await company.propagation(own, path);
  };

  /** By method and family; the figures are how many names the path may have after it. */
  const routes: Readonly<Record<string, [names: number | readonly number[], answer: (asked: Asked) => unknown]>> = {
    'GET endpoints': [2, ({ names: [mesh = '', node = ''] }) => registered(mesh, node)],
    'PUT endpoints': [
      2,
      async ({ names: [mesh = '', node = ''], request }) => {
        const list = parseEndpoints(await bodyOf(request));
        await endpoints.put(mesh, node, list);
        return list;
      },
    ],
    'DELETE endpoints': [
      2,
      async ({ names: [mesh = '', node = ''] }) => {
        const was = registered(mesh, node);
        await endpoints.remove(mesh, node);
        return was;
      },
    ],
    'GET telemetry': [2, ({ names: [mesh = '', node = ''], query }) => (query.has(OWN) ? telemetry : ofAll).read(mesh, node, since(query))],
    'GET metrics': [[0, 1], ({ names: [mesh] }) => new Text(metrics(mesh === undefined ? undefined : viewOf(mesh).mesh.name))],
    'GET propagation': [1, ({ names: [mesh = ''], query, request }) => howFar(mesh, query, request.url ?? '')],
  };

  const answer = async (request: IncomingMessage): Promise<unknown> => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
    const [family = '', ...parts] = pathname.slice(PREFIX.length).split('/');
    const [counts = [], run] = routes[`${request.method ?? ''} ${family}`] ?? [];
    if (run === undefined) throw new RequestRefused(405, 'MethodNotAllowedException', `${family} does not take ${request.method ?? ''}`);
    if (![counts].flat().includes(parts.length)) throw notFound(`${pathname} is no path of ${family}`);
    return await run({ names: parts.map(decodeName).map(checkName), query: searchParams, request });
  };

  return {
    owns: (path) => familyOf(path) !== undefined,
    handle: async (request, response) => {
      try {
        answerWith(response, await answer(request));
      } catch (error) {
        failWith(response, error, log);
      }
    },
  };
}
