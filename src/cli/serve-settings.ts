import { resolve } from 'node:path';
import type { CallAws } from '../aws/call.ts';
import type { Grants } from '../controlplane/access/grants.ts';
import { isLoopback } from '../controlplane/access/loopback.ts';
import type { Tls } from '../controlplane/xds/server.ts';
import type { Key } from '../mesh/sign.ts';
import type { OpenPolled } from '../metrics/sources.ts';
import type { ServiceOptions } from '../service/start-service.ts';
import type { DocumentStore } from '../store/port.ts';
import { flag, optionalText, type Call, type Option } from './command.ts';
import { misuse } from './errors.ts';
import { toPort } from './ports.ts';
import { readTls } from './read-tls.ts';
import { regionOf } from './region.ts';

const refuse = (message: string): never => {
  throw misuse('serve', message);
};

/** An option, or what a container's environment says in its place. */
const SETTINGS = {
  host: { variable: 'MESHSHIFT_HOST', value: 'HOST', about: 'where to listen (127.0.0.1); beyond this machine it needs access keys, and TLS or --behind-tls' },
  port: { variable: 'MESHSHIFT_PORT', value: 'PORT', about: 'App Mesh’s API, telemetry and health (4680); 0 takes a free one' },
  'xds-port': { variable: 'MESHSHIFT_XDS_PORT', value: 'PORT', about: 'where proxies connect (4681); 0 takes a free one' },
  table: { variable: 'MESHSHIFT_TABLE', value: 'TABLE', about: 'the DynamoDB table that holds everything; several may serve one' },
  data: { variable: 'MESHSHIFT_DATA', value: 'FOLDER', about: 'in its place, a folder of this machine, served by one process' },
  account: { variable: 'MESHSHIFT_ACCOUNT', value: 'DIGITS', about: 'the AWS account that owns the meshes (000000000000)' },
  'access-keys': { variable: 'MESHSHIFT_ACCESS_KEYS', value: 'FILE', about: 'who may come in: the file, or its JSON' },
  'tls-certificate': { variable: 'MESHSHIFT_TLS_CERTIFICATE', value: 'FILE', about: 'for both ports: the file, or PEM' },
  'tls-key': { variable: 'MESHSHIFT_TLS_KEY', value: 'FILE', about: 'its key: the file, or PEM' },
  'tls-clients': { variable: 'MESHSHIFT_TLS_CLIENTS', value: 'FILE', about: 'authorities of certificates that proxies must then show: the file, or PEM' },
  certificates: { variable: 'MESHSHIFT_CERTIFICATES', value: 'FILE', about: 'the PEM files that ARNs of AWS Certificate Manager stand for' },
  quotas: { variable: 'MESHSHIFT_QUOTAS', value: 'FILE', about: 'how many there may be of what: the file, its JSON, or app-mesh for AWS’s own' },
  advertise: { variable: 'MESHSHIFT_ADVERTISE', value: 'URL', about: 'how other control planes over the table reach this one: a URL, auto (its own address), none' },
  drain: { variable: 'MESHSHIFT_DRAIN', value: 'SECONDS', about: 'how long ending may take (20 where others reach it, else 0): proxies are sent away one after another' },
} as const satisfies Record<string, { readonly variable: string; readonly value: string; readonly about: string }>;
type Setting = keyof typeof SETTINGS;

function setting(call: Call, name: Setting): string | undefined {
  const given = optionalText(call, name) ?? call.io.env[SETTINGS[name].variable];
  return given === '' ? undefined : given;
}

/** A key that comes as JSON by the environment alone. */
async function readKey({ io: { env } }: Call, variable: string): Promise<Key | undefined> {
  const given = env[variable];
  return given === undefined || given === '' ? undefined : (await import('../mesh/sign.ts')).parseKey(given);
}

/** The access keys that are listed, the key of functions and control planes, and the key of proxies, which changes nothing. */
async function readGrants(call: Call, meshKey: Key | undefined): Promise<Grants | undefined> {
  const { joinGrants, parseGrants, readGrants: read } = await import('../controlplane/access/grants.ts');
  const toGrants = (name: string, key: Key, more: object): Grants => parseGrants(JSON.stringify('token' in key ? { tokens: [{ name, ...key, ...more }] } : { keys: [{ ...key, ...more }] }));
  const proxyKey = await readKey(call, 'MESHSHIFT_PROXY_KEY');
  const single = [...(meshKey === undefined ? [] : [toGrants('meshshift', meshKey, {})]), ...(proxyKey === undefined ? [] : [toGrants('proxies', proxyKey, { readOnly: true })])];
  const listed = setting(call, 'access-keys');
  if (listed !== undefined) return read(listed, ...single);
  return single.length === 0 ? undefined : joinGrants(...single);
}

/** Nothing listens beyond this machine unless it is said whom to let in, and who keeps others from listening in. */
function checkExposure(call: Call, host: string, grants: Grants | undefined, tls: Tls | undefined): void {
  if (isLoopback(host)) return;
  if (grants === undefined) refuse(`--host: ${host}: needs access keys: --access-keys FILE, MESHSHIFT_ACCESS_KEYS or MESHSHIFT_MESH_KEY`);
  if (tls === undefined && !flag(call, 'behind-tls') && !isOn(call.io.env['MESHSHIFT_BEHIND_TLS'])) {
    refuse(`--host: ${host}: needs TLS: --tls-certificate and --tls-key, or --behind-tls where a load balancer ends it`);
  }
}
const isOn = (value: string | undefined): boolean => value === 'true' || value === '1';

export interface Place {
  readonly store: DocumentStore;
  readonly tokenKey: string;
  readonly isShared: boolean;
  readonly release: () => void;
}

/** Where the service keeps everything. */
export async function openPlace(call: Call): Promise<Place> {
  const [table, data] = [setting(call, 'table'), setting(call, 'data')];
  const tokenKey = call.io.env['MESHSHIFT_TOKEN_KEY'] ?? '';
  if ((table === undefined) === (data === undefined)) return refuse('--table, --data: one of them must be given');
  if (table !== undefined) {
    const [{ openDynamoStore }, { DynamoDBClient }] = await Promise.all([import('../store/dynamodb.ts'), import('@aws-sdk/client-dynamodb')]);
    return { store: openDynamoStore(table, new DynamoDBClient({ region: regionOf(call.io.env) })), tokenKey, isShared: true, release: () => undefined };
  }
  const { openDataFolder } = await import('../local/data-folder.ts');
  const folder = openDataFolder(data ?? '');
  const [{ openLibsqlStore }, { databasePath }] = await Promise.all([import('../store/libsql.ts'), import('../store/open.ts')]);
  return { store: openLibsqlStore(databasePath(folder.path)), tokenKey: tokenKey === '' ? folder.tokenKey : tokenKey, isShared: false, release: () => folder.release() };
}

/** As the functions have it: Prometheus where it is said where it is, and CloudWatch. */
async function readPolled(call: Call): Promise<OpenPolled> {
  const { env } = call.io;
  // One after another: they share modules, and some loaders fail when two that do are linked at once.
  const { openPolledMetrics } = await import('../metrics/open-polled.ts');
  const { cloudWatchMetricsOf } = await import('../metrics/open-cloudwatch.ts');
  const { openAws } = await import('../aws/call.ts');
  const { SFNClient } = await import('@aws-sdk/client-sfn');
  const region = regionOf(call.io.env);
  // A task's credentials are not in the environment; the SDK finds them, and gets new ones in time.
  const { credentials } = new SFNClient({ region }).config;
  const callAws: CallAws = async (...asked) => {
    const { accessKeyId, secretAccessKey, sessionToken } = await credentials();
    return await openAws({ ...env, AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: sessionToken })(...asked);
  };
  const openCloudWatch = cloudWatchMetricsOf(callAws, Date.now);
  return openPolledMetrics({ prometheusUrl: env['MESHSHIFT_PROMETHEUS_URL'], prometheusToken: env['MESHSHIFT_PROMETHEUS_TOKEN'], openCloudWatch });
}

function readAccount(call: Call): string {
  const account = setting(call, 'account') ?? '000000000000';
  return /^\d{12}$/.test(account) ? account : refuse(`--account: ${account}: must be 12 digits`);
}

/** Milliseconds. */
export function readDrain(call: Call, host: string): number {
  const seconds = setting(call, 'drain') ?? (isLoopback(host) ? '0' : '20');
  return /^\d{1,4}$/.test(seconds) ? Number(seconds) * 1000 : refuse(`--drain: ${seconds}: must be a whole number of seconds`);
}

/** @throws UsageError, also where others could come in and nobody is told from anybody */
export async function readOptions(call: Call): Promise<Omit<ServiceOptions, 'store' | 'tokenKey'>> {
  const host = setting(call, 'host') ?? '127.0.0.1';
  const meshKey = await readKey(call, 'MESHSHIFT_MESH_KEY');
  const [tls, grants] = [await readTls('serve', (name) => setting(call, name)), await readGrants(call, meshKey)];
  checkExposure(call, host, grants, tls);
  const [certificates, quotas] = [setting(call, 'certificates'), setting(call, 'quotas')];
  const { readQuotas } = await import('../controlplane/api/rules/read-quotas.ts');
  const { jsonLog } = await import('../service/json-log.ts');
  return {
    host,
    port: toPort('serve', 'port', setting(call, 'port') ?? '4680'),
    xdsPort: toPort('serve', 'xds-port', setting(call, 'xds-port') ?? '4681'),
    region: regionOf(call.io.env),
    accountId: readAccount(call),
    openPolled: await readPolled(call),
    log: jsonLog((line) => void call.io.stderr.write(line), flag(call, 'verbose') ? 'debug' : 'info', Date.now),
    sharing: { advertise: setting(call, 'advertise') ?? 'auto', ...(meshKey === undefined ? {} : { key: () => Promise.resolve(meshKey) }) },
    ...(tls === undefined ? {} : { tls }),
    ...(grants === undefined ? {} : { grants }),
    ...(certificates === undefined ? {} : { certificatesFile: resolve(certificates) }),
    ...(quotas === undefined ? {} : { quotas: readQuotas(quotas) }),
  };
}

const toOption = ({ variable, value, about }: (typeof SETTINGS)[Setting]): Option => ({ type: 'string', value, about: `${about}; also ${variable}` });

/** The options of `meshshift serve`, each of which a variable may stand for. */
export const serveOptions: Readonly<Record<string, Option>> = {
  ...Object.fromEntries(Object.entries(SETTINGS).map(([name, about]) => [name, toOption(about)])),
  'behind-tls': { type: 'boolean', about: 'a load balancer in front ends TLS; also MESHSHIFT_BEHIND_TLS=true' },
  verbose: { type: 'boolean', short: 'v', about: 'log more' },
};
