import type { AppMeshClient } from '@aws-sdk/client-app-mesh';
import type { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { MeshClient } from '../mesh/client.ts';
import { CommandFailed, Refused } from './errors.ts';
import { EXIT } from './exit-codes.ts';
import { regionOf } from './region.ts';
import { signRequest } from './sign-request.ts';

/** The other side of the command: AWS's protocols and meshshift's own, at one endpoint. */
export interface Client {
  readonly endpoint: string;
  stepFunctions(): Promise<SFNClient>;
  events(): Promise<EventBridgeClient>;
  appMesh(): Promise<AppMeshClient>;
  /** What provisioning itself asks a control plane by. */
  mesh(): Promise<MeshClient>;
  /**
   * Asks meshshift's own HTTP API.
   * @throws Refused for any answer but 2xx, CommandFailed when nothing answers
   */
  ask(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, body?: unknown): Promise<unknown>;
}

/** The local runtime, as far as an address tells. Over TLS there may be any control plane, which asks for keys, also at the near end of a tunnel. */
function isLocal(endpoint: string): boolean {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === 'http:' && ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
}

type Environment = Readonly<Record<string, string | undefined>>;

interface Settings {
  readonly endpoint: string;
  readonly region: string;
  readonly maxAttempts: number;
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

/** One process, one try: the person sees at once that nothing answers, instead of after the SDK's retries. */
const settings = (endpoint: string, env: Environment): Settings => ({
  endpoint,
  region: regionOf(env),
  maxAttempts: 2,
  // The local runtime checks no signature; real keys are not shown to it.
  ...(isLocal(endpoint) ? { credentials: { accessKeyId: 'local', secretAccessKey: 'local' } } : {}),
});

const CONNECTION_CODES = new Set(['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EHOSTUNREACH', 'ETIMEDOUT', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_SOCKET', 'EPIPE']);

/** The code of a connection that could not be made or broke, wherever in the chain of causes it stands. */
export function connectionCode(error: unknown): string | undefined {
  // Not by instanceof: an error may come from another realm.
  for (let at = error; typeof at === 'object' && at !== null; at = (at as Error).cause) {
    const { code, errors } = at as NodeJS.ErrnoException & { errors?: readonly unknown[] };
    if (code !== undefined && CONNECTION_CODES.has(code)) return code;
    const inner = errors?.map(connectionCode).find((found) => found !== undefined);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

export const unreachable = (endpoint: string, cause: unknown): CommandFailed =>
  new CommandFailed(`${endpoint}: nothing answers there (${connectionCode(cause) ?? 'no connection'})`, {
    exitCode: EXIT.unreachable,
    hint: 'is `meshshift up` running? Start it, or name another place with --endpoint or AWS_ENDPOINT_URL',
    cause,
  });

/** Errors come as `{ message }` or `{ error, message }`; anything else is shown as it is. */
function messageIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    return typeof message === 'string' ? message : text;
  } catch {
    return text;
  }
}

async function ask(endpoint: string, env: Environment, method: string, path: string, body?: unknown): Promise<unknown> {
  const [url, json] = [`${endpoint}${path}`, body === undefined ? undefined : JSON.stringify(body)];
  const given = json === undefined ? { headers: {} } : { body: json, headers: { 'content-type': 'application/json' } };
  const response = await fetch(url, { method, ...given, headers: await signRequest({ method, url, ...given }, env) });
  const text = await response.text();
  if (!response.ok) throw new Refused(`${method} ${path}: ${messageIn(text).slice(0, 2_000)} (HTTP ${response.status})`, response.status);
  return text === '' ? undefined : (JSON.parse(text) as unknown);
}

/** The SDK's packages are loaded when they are first needed: `meshshift --help` needs none of them. */
export function connect(endpoint: string, env: Environment): Client {
  const options = settings(endpoint, env);
  return {
    endpoint,
    stepFunctions: async () => new (await import('@aws-sdk/client-sfn')).SFNClient(options),
    events: async () => new (await import('@aws-sdk/client-eventbridge')).EventBridgeClient(options),
    appMesh: async () => new (await import('@aws-sdk/client-app-mesh')).AppMeshClient(options),
    mesh: async () => {
      const { credentials } = options;
      return (await import('../mesh/client.ts')).openMeshClient(endpoint, credentials === undefined ? undefined : () => Promise.resolve(credentials), options.region);
    },
    ask: (method, path, body) => ask(endpoint, env, method, path, body),
  };
}
