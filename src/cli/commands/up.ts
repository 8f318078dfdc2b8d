import { once } from 'node:events';
import { resolve } from 'node:path';
import { flag, optionalText, text, type Call, type Command } from '../command.ts';
import { misuse } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { explainListening, toPort } from '../ports.ts';
import { lineLog } from '../log.ts';
import { packageFile } from '../package-file.ts';
import { readTls } from '../read-tls.ts';
import { readWebhooks } from '../read-webhooks.ts';
import { toUrl } from '../urls.ts';
import type { Exposure } from '../../local/exposure.ts';

/** Nothing listens beyond this machine unless told to, and told whom to let in. */
async function readExposure(call: Call): Promise<{ readonly exposure?: Exposure }> {
  const host = optionalText(call, 'host');
  if (host === undefined) return {};
  const keys = optionalText(call, 'access-keys') ?? call.io.env['MESHSHIFT_ACCESS_KEYS'];
  if (keys === undefined || keys === '') {
    throw misuse('up', `--host: ${host}: needs access keys: --access-keys FILE, or MESHSHIFT_ACCESS_KEYS`);
  }
  const { readGrants } = await import('../../controlplane/access/grants.ts');
  const tls = await readTls('up', (name) => optionalText(call, name));
  return { exposure: { host, grants: readGrants(keys), ...(tls === undefined ? {} : { tls }) } };
}

/** What may stand in for services of AWS that this machine does not serve. */
const FOREIGN = ['AWS_ENDPOINT_URL_ECS', 'AWS_ENDPOINT_URL_LAMBDA', 'AWS_ENDPOINT_URL_SERVICEDISCOVERY'];

async function run(call: Call): Promise<typeof EXIT.ok> {
  const { io } = call;
  const [port, xdsPort] = [toPort('up', 'port', text(call, 'port')), toPort('up', 'xds-port', text(call, 'xds-port'))];
  const [workloads, certificates] = [optionalText(call, 'workloads'), optionalText(call, 'certificates')];
  const exposure = await readExposure(call);
  const webhooks = optionalText(call, 'webhooks') ?? io.env['MESHSHIFT_WEBHOOKS'];
  const links = optionalText(call, 'links') ?? io.env['MESHSHIFT_LINKS_URL'];
  const quotas = optionalText(call, 'quotas') ?? io.env['MESHSHIFT_QUOTAS'];
  const { readQuotas } = await import('../../controlplane/api/rules/read-quotas.ts');
  const { startRuntime } = await import('../../local/runtime.ts');
  const runtime = await startRuntime({
    port,
    xdsPort,
    dataFolder: resolve(text(call, 'data')),
    deploymentFile: packageFile('serverless.yml'),
    ...(workloads === undefined ? {} : { workloadsFile: resolve(workloads) }),
    ...(certificates === undefined ? {} : { certificatesFile: resolve(certificates) }),
    ...(quotas === undefined || quotas === '' ? {} : { quotas: readQuotas(quotas) }),
    ...(links === undefined || links === '' ? {} : { linksUrl: toUrl('up', 'links', links) }),
    ...(webhooks === undefined || webhooks === '' ? {} : { webhooks: await readWebhooks(webhooks) }),
    endpoints: Object.fromEntries(FOREIGN.flatMap((name) => (io.env[name] ? [[name, io.env[name]]] : []))),
    metrics: {
      prometheusUrl: optionalText(call, 'prometheus') ?? io.env['MESHSHIFT_PROMETHEUS_URL'],
      prometheusToken: io.env['MESHSHIFT_PROMETHEUS_TOKEN'],
      cloudWatchUrl: io.env['AWS_ENDPOINT_URL_CLOUDWATCH'],
    },
    ...exposure,
    ...(io.env['AWS_REGION'] ? { region: io.env['AWS_REGION'] } : {}),
    log: lineLog((line) => void io.stderr.write(line), flag(call, 'verbose') ? 'debug' : 'warn'),
  }).catch((error: unknown) => {
    throw explainListening(error);
  });
  io.stdout.write(call.json ? `${JSON.stringify({ ready: runtime.url, port: runtime.port, xdsPort: runtime.xdsPort })}\n` : `ready ${runtime.url}\n`);
  if (!io.interrupted.aborted) await once(io.interrupted, 'abort');
  await runtime.close();
  return EXIT.ok;
}

export const up: Command = {
  words: ['up'],
  about: 'serve the mesh and its rollouts on this machine, until Ctrl-C',
  remote: false,
  options: {
    port: { type: 'string', value: 'PORT', default: '4680', about: 'where AWS SDKs, the CLI and this command connect; 0 takes a free port' },
    'xds-port': { type: 'string', value: 'PORT', default: '4681', about: 'where Envoy and gRPC clients get their configuration; 0 takes a free port' },
    data: { type: 'string', value: 'FOLDER', default: '.meshshift', about: 'where everything is kept; a runtime started on it again goes on where it was' },
    workloads: { type: 'string', value: 'FILE', about: 'the commands that workloads of the type process may run; without it none are run' },
    certificates: { type: 'string', value: 'FILE', about: 'the PEM files that ARNs of AWS Certificate Manager stand for; read again when they change' },
    quotas: { type: 'string', value: 'FILE', about: 'how many there may be of what in a mesh; app-mesh for AWS’s own; also MESHSHIFT_QUOTAS, the file or its JSON' },
    webhooks: { type: 'string', value: 'FILE', about: 'where Slack and Teams take messages, { "name": "https://…" }; also MESHSHIFT_WEBHOOKS, the file or its JSON' },
    links: { type: 'string', value: 'URL', about: 'where people reach this runtime, for links in notifications; as if not given, this machine; also MESHSHIFT_LINKS_URL' },
    prometheus: { type: 'string', value: 'URL', about: 'where metrics of the source prometheus are asked for; also MESHSHIFT_PROMETHEUS_URL, with MESHSHIFT_PROMETHEUS_TOKEN if it wants one' },
    host: { type: 'string', value: 'HOST', about: 'let others reach the control plane (App Mesh and xDS, nothing else) on this address, or 0.0.0.0; needs access keys' },
    'access-keys': { type: 'string', value: 'FILE', about: 'who may come in from elsewhere; also MESHSHIFT_ACCESS_KEYS, the file or its JSON' },
    'tls-certificate': { type: 'string', value: 'FILE', about: 'PEM; proxies then connect by TLS' },
    'tls-key': { type: 'string', value: 'FILE', about: 'PEM; the key of that certificate' },
    'tls-clients': { type: 'string', value: 'FILE', about: 'PEM; authorities of client certificates, which every proxy must then show' },
    verbose: { type: 'boolean', short: 'v', about: 'tell on stderr what happens, not only what goes wrong' },
  },
  details: 'Prints one line `ready URL` on stdout when it serves. App Mesh, Step Functions, EventBridge, Lambda and STS (who am I) answer at that one URL:\nAWS_ENDPOINT_URL=http://127.0.0.1:4680 aws appmesh list-meshes',
  examples: ['meshshift up', 'meshshift up --port 0 --xds-port 0 --data /tmp/mesh --workloads examples/pgmesh/workloads.yaml'],
  run,
};
