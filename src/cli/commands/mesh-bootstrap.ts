import { flag, optionalText, text, type Call, type Command } from '../command.ts';
import { envoyBootstrap, grpcBootstrap, parseNodeId, STATISTICS, type Statistics } from '../../controlplane/bootstrap/index.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';

const usage = (message: string): UsageError => new UsageError(`mesh bootstrap: ${message}`, '`meshshift mesh bootstrap --help` shows what there is');

function readAddress(address: string): { xdsHost: string; xdsPort: number } {
  const [, bracketed, port] = /^(\[[^\]]+\]|[^:[\]]+):(\d{1,5})$/.exec(address) ?? [];
  const host = bracketed?.replace(/^\[|\]$/g, '');
  if (host !== undefined && Number(port) >= 1 && Number(port) <= 65_535) return { xdsHost: host, xdsPort: Number(port) };
  throw usage(`--xds: ${address}: must be HOST:PORT`);
}

/** `svc1.pgMesh.local=7001,…` */
function readListeners(list: string): Record<string, number> {
  return Object.fromEntries(
    list.split(',').map((entry): [string, number] => {
      const [, service, port] = /^([^=]+)=(\d{1,5})$/.exec(entry) ?? [];
      if (service === undefined || Number(port) < 1 || Number(port) > 65_535) throw usage(`--listen: ${entry}: must be SERVICE=PORT`);
      return [service, Number(port)];
    }),
  );
}

function readStatistics(given: string): Statistics {
  const found = STATISTICS.find((one) => one === given);
  if (found === undefined) throw usage(`--statistics: ${given}: must be one of ${STATISTICS.join(', ')}`);
  return found;
}

function run(call: Call): Promise<typeof EXIT.ok> {
  const [nodeId = ''] = call.args;
  if (parseNodeId(nodeId) === undefined) throw usage(`${nodeId}: must be mesh/MESH/virtualNode/NODE or its ARN`);
  const listen = optionalText(call, 'listen');
  const common = { nodeId, ...readAddress(text(call, 'xds')) };
  const document = flag(call, 'grpc') ? grpcBootstrap(common) : envoyBootstrap({ ...common, statistics: readStatistics(text(call, 'statistics')), ...(listen === undefined ? {} : { listen: readListeners(listen) }) });
  call.io.stdout.write(`${JSON.stringify(document, null, call.json ? 0 : 2)}\n`);
  return Promise.resolve(EXIT.ok);
}

export const meshBootstrap: Command = {
  words: ['mesh', 'bootstrap'],
  about: 'print the bootstrap of an Envoy, or of a gRPC client, that joins the mesh',
  remote: false,
  args: [{ name: 'NODE', about: 'who it is: mesh/MESH/virtualNode/NODE, or the ARN' }],
  options: {
    xds: { type: 'string', value: 'HOST:PORT', default: '127.0.0.1:4681', about: 'where it gets its configuration' },
    grpc: { type: 'boolean', about: 'for a proxyless gRPC client (GRPC_XDS_BOOTSTRAP_CONFIG) instead of Envoy' },
    statistics: { type: 'string', value: 'WHICH', default: 'latency', about: 'what Envoy counts beside its load reports: latency alone, all (for who reads its /stats), or none (metrics of latency then have no data)' },
    listen: { type: 'string', value: 'SERVICE=PORT,…', about: 'instead of traffic interception: a loopback listener for each of these backends' },
  },
  examples: ['meshshift mesh bootstrap mesh/pgMesh/virtualNode/svcNode2 --listen svc1.pgMesh.local=7001 > envoy.json', 'envoy -c envoy.json'],
  run,
};
