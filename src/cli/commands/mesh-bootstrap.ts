import { readEnvoyOptions, readGrpcOptions } from '../bootstrap-options.ts';
import { flag, type Call, type Command } from '../command.ts';
import { envoyBootstrap, grpcBootstrap } from '../../controlplane/bootstrap/index.ts';
import { CommandFailed } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { lineLog } from '../log.ts';

async function check(call: Call, document: object): Promise<void> {
  const { findEnvoy, validateBootstrap } = await import('../../local/envoy/index.ts');
  const binary = await findEnvoy({ download: true, timeoutMs: 60_000, log: lineLog((line) => void call.io.stderr.write(line), 'warn') });
  if (binary === undefined) throw new CommandFailed('mesh bootstrap: --check: there is no Envoy here to check it with', { exitCode: EXIT.failed, hint: 'name one by MESHSHIFT_ENVOY, or leave --check out' });
  const problem = await validateBootstrap(binary, document);
  if (problem !== undefined) throw new CommandFailed(`mesh bootstrap: --check: Envoy refuses it: ${problem}`, { exitCode: EXIT.failed });
}

async function run(call: Call): Promise<typeof EXIT.ok> {
  const document = flag(call, 'grpc') ? grpcBootstrap(readGrpcOptions(call)) : envoyBootstrap(await readEnvoyOptions(call));
  if (flag(call, 'check')) await check(call, document);
  call.io.stdout.write(`${JSON.stringify(document, null, call.json ? 0 : 2)}\n`);
  return EXIT.ok;
}

export const meshBootstrap: Command = {
  words: ['mesh', 'bootstrap'],
  about: 'print the bootstrap of an Envoy, or of a gRPC client, that joins the mesh',
  remote: false,
  args: [{ name: 'NODE', about: 'who it is: mesh/MESH/virtualNode/NODE, mesh/MESH/virtualGateway/GATEWAY, or the ARN' }],
  options: {
    xds: { type: 'string', value: 'HOST:PORT', default: '127.0.0.1:4681', about: 'where it gets its configuration' },
    grpc: { type: 'boolean', about: 'for a proxyless gRPC client (GRPC_XDS_BOOTSTRAP_CONFIG) instead of Envoy; takes --xds, --tls-ca, --tls-certificate and --tls-key' },
    delta: { type: 'boolean', about: 'get what changed alone, instead of the state of the world' },
    'tls-ca': { type: 'string', value: 'FILE', about: "connect by TLS; PEM: whose certificates are taken for the control plane's" },
    'tls-name': { type: 'string', value: 'NAME', about: "the name in the control plane's certificate (default: the host of --xds)" },
    'tls-certificate': { type: 'string', value: 'FILE', about: 'PEM; what it shows of itself to a control plane with --tls-clients' },
    'tls-key': { type: 'string', value: 'FILE', about: 'PEM; the key of that certificate' },
    'token-file': { type: 'string', value: 'FILE', about: 'send this bearer token with each call; what is printed then holds it' },
    sigv4: { type: 'string', value: 'REGION', about: 'sign each call with the AWS credentials that Envoy finds: environment, profile, container, instance' },
    statistics: { type: 'string', value: 'WHICH', about: 'what Envoy counts beside its load reports: latency alone (the default), all (for who reads its /stats), or none (metrics of latency then have no data)' },
    listen: { type: 'string', value: 'SERVICE=PORT,…', about: 'instead of traffic interception: a loopback listener for each of these backends; all: for each backend on its own port' },
    'sds-socket': { type: 'string', value: 'PATH', about: 'the Unix socket of a source of secrets, for TLS by sds (as APPMESH_SDS_SOCKET_PATH)' },
    'admin-port': { type: 'string', value: 'PORT', about: "Envoy's admin, on 127.0.0.1 (default: a free one, see --admin-address-path of Envoy)" },
    check: { type: 'boolean', about: 'let Envoy itself validate it first; files it names must be there' },
  },
  details:
    'Files are those of the machine that it runs on; only --token-file is read here. How a control plane with access keys knows a proxy:\n' +
    'by its client certificate, or by --token-file or --sigv4 (any of them with or without TLS). Without access keys it serves its own machine alone.',
  examples: [
    'meshshift mesh bootstrap mesh/pgMesh/virtualNode/svcNode2 --listen svc1.pgMesh.local=7001 > envoy.json',
    'envoy -c envoy.json',
    'meshshift mesh bootstrap mesh/pgMesh/virtualNode/svcNode2 --xds mesh.internal:4681 --tls-ca ca.pem --sigv4 us-east-1 --check',
    'meshshift mesh bootstrap mesh/pgMesh/virtualNode/svcNode2 --xds mesh.internal:4681 --tls-ca ca.pem --tls-certificate me.pem --tls-key me.key --grpc',
  ],
  run,
};
