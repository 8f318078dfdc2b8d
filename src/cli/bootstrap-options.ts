import { readFile } from 'node:fs/promises';
import { flag, optionalText, text, type Call } from './command.ts';
import { parseNodeId, STATISTICS, type Statistics, type BootstrapCredentials, type BootstrapTls, type EnvoyBootstrapOptions, type GrpcBootstrapOptions } from '../controlplane/bootstrap/index.ts';
import { CommandFailed, misuse, type UsageError } from './errors.ts';
import { EXIT } from './exit-codes.ts';

const usage = (message: string): UsageError => misuse('mesh bootstrap', message);

const isPort = (text: string | undefined, least: 0 | 1): boolean => text !== undefined && /^\d{1,5}$/.test(text) && Number(text) >= least && Number(text) <= 65_535;

function readAddress(address: string): { xdsHost: string; xdsPort: number } {
  const [, bracketed, port] = /^(\[[^\]]+\]|[^:[\]]+):(\d+)$/.exec(address) ?? [];
  const host = bracketed?.replace(/^\[|\]$/g, '');
  if (host !== undefined && isPort(port, 1)) return { xdsHost: host, xdsPort: Number(port) };
  throw usage(`--xds: ${address}: must be HOST:PORT`);
}

/** `svc1.pgMesh.local=7001,…`, or `all` for each backend on its own port. */
function readListeners(list: string): true | Record<string, number> {
  if (list === 'all') return true;
  return Object.fromEntries(
    list.split(',').map((entry): [string, number] => {
      const [, service, port] = /^([^=]+)=(\d+)$/.exec(entry) ?? [];
      if (service === undefined || !isPort(port, 1)) throw usage(`--listen: ${entry}: must be SERVICE=PORT, or all`);
      return [service, Number(port)];
    }),
  );
}

/** TLS is on as soon as one of its options is given; its files are those of the proxy's machine, and are not looked at. */
function readTls(call: Call): { readonly tls?: BootstrapTls } {
  const [authorities, name, certificate, key] = ['tls-ca', 'tls-name', 'tls-certificate', 'tls-key'].map((option) => optionalText(call, option));
  if ([authorities, name, certificate, key].every((value) => value === undefined)) return {};
  if (authorities === undefined) throw usage('--tls-ca: must be given with the other --tls options: who is trusted for the control plane');
  if ((certificate === undefined) !== (key === undefined)) throw usage('--tls-certificate and --tls-key: must be given together');
  const client = certificate === undefined || key === undefined ? {} : { client: { certificate, key } };
  return { tls: { authorities, ...(name === undefined ? {} : { name }), ...client } };
}

function readStatistics(call: Call): { readonly statistics?: Statistics } {
  const given = optionalText(call, 'statistics');
  const found = STATISTICS.find((one) => one === given);
  if (given !== undefined && found === undefined) throw usage(`--statistics: ${given}: must be one of ${STATISTICS.join(', ')}`);
  return found === undefined ? {} : { statistics: found };
}

async function readToken(path: string): Promise<string> {
  const token = await readFile(path, 'utf8').then(
    (content) => content.trim(),
    (cause: unknown) => {
      throw new CommandFailed(`mesh bootstrap: --token-file: ${path}: ${(cause as NodeJS.ErrnoException).code ?? 'cannot be read'}`, { exitCode: EXIT.failed, cause });
    },
  );
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw usage(`--token-file: ${path}: must hold one token: visible ASCII characters without a space`);
}

async function readCredentials(call: Call): Promise<{ readonly credentials?: BootstrapCredentials }> {
  const [tokenFile, region] = [optionalText(call, 'token-file'), optionalText(call, 'sigv4')];
  if (tokenFile !== undefined && region !== undefined) throw usage('--token-file and --sigv4: a call has one kind of credentials');
  if (tokenFile !== undefined) return { credentials: { token: await readToken(tokenFile) } };
  if (region === undefined) return {};
  if (!/^[a-z0-9-]+$/.test(region)) throw usage(`--sigv4: ${region}: must be a region, as us-east-1`);
  return { credentials: { signFor: { region } } };
}

function readAdminPort(call: Call): { readonly adminPort?: number } {
  const port = optionalText(call, 'admin-port');
  if (port === undefined) return {};
  if (!isPort(port, 0)) throw usage(`--admin-port: ${port}: must be a port from 0 to 65535; 0 takes a free one`);
  return { adminPort: Number(port) };
}

function readCommon(call: Call): { nodeId: string; xdsHost: string; xdsPort: number; tls?: BootstrapTls } {
  const [nodeId = ''] = call.args;
  if (parseNodeId(nodeId) === undefined) throw usage(`${nodeId}: must be mesh/MESH/virtualNode/NODE, mesh/MESH/virtualGateway/GATEWAY or such an ARN`);
  return { nodeId, ...readAddress(text(call, 'xds')), ...readTls(call) };
}

/** @throws UsageError, CommandFailed for a token's file that cannot be read */
export async function readEnvoyOptions(call: Call): Promise<EnvoyBootstrapOptions> {
  const [listen, sdsSocketPath] = [optionalText(call, 'listen'), optionalText(call, 'sds-socket')];
  return {
    ...readCommon(call),
    delta: flag(call, 'delta'),
    ...(await readCredentials(call)),
    ...readAdminPort(call),
    ...readStatistics(call),
    ...(listen === undefined ? {} : { listen: readListeners(listen) }),
    ...(sdsSocketPath === undefined ? {} : { sdsSocketPath }),
  };
}

/** What gRPC's bootstrap has no field for, and why nothing stands in for it. */
const ENVOY_ONLY: Readonly<Record<string, string>> = {
  delta: 'gRPC clients speak the state-of-the-world protocol alone',
  'tls-name': 'gRPC checks the host of --xds',
  'token-file': "gRPC's bootstrap holds no token: let it show a client certificate (--tls-certificate)",
  sigv4: "gRPC's bootstrap signs nothing: let it show a client certificate (--tls-certificate)",
  'sds-socket': 'gRPC takes no secrets from the mesh',
  listen: 'a gRPC client calls its backends itself, as xds:///SERVICE',
  'admin-port': 'a gRPC client has none',
  statistics: 'a gRPC client counts nothing beside its load reports',
  check: 'it is Envoy that checks',
};

/** @throws UsageError, also for an option that only an Envoy can follow */
export function readGrpcOptions(call: Call): GrpcBootstrapOptions {
  const given = Object.entries(ENVOY_ONLY).find(([name]) => call.options[name] !== undefined);
  if (given !== undefined) throw usage(`--${given[0]}: is not for --grpc: ${given[1]}`);
  return readCommon(call);
}
