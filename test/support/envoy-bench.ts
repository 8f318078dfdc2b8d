import { envoyBootstrap } from '../../src/controlplane/bootstrap/index.ts';
import { silent } from '../../src/contracts/log.ts';
import type { CertificateSource } from '../../src/controlplane/certificates/port.ts';
import { startXds } from '../../src/controlplane/start-xds.ts';
import type { Proxy } from '../../src/controlplane/translate/types.ts';
import { propagationOf, type Propagation } from '../../src/controlplane/xds/propagation.ts';
import { startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { envoyBinary } from './envoy.ts';
import { eventually } from './eventually.ts';
import { editableMesh, type EditableMesh, type MeshSpecs } from './mesh.ts';

/** An Envoy under a mesh that no API has checked. */
export interface EnvoyBench {
  readonly mesh: EditableMesh;
  readonly envoy: RunningEnvoy;
  state(): Propagation['proxies'][number] | undefined;
  propagation(): Propagation;
  /** Resolves when Envoy accepted the newest configuration; fails with what it said when it refused. */
  accepted(): Promise<void>;
  /** A counter or gauge of Envoy's own; 0 where there is none. */
  stat(name: string): Promise<number>;
  stop(): Promise<void>;
}

export interface BenchOptions {
  readonly sdsSocketPath?: string;
  /** Names are asked of a server on this port of loopback. */
  readonly dnsPort?: number;
  /** What ARNs of ACM stand for. */
  readonly certificates?: CertificateSource;
  /** Whether the aggregated stream is incremental. */
  readonly delta?: boolean;
}

/** Part of a bootstrap: names are asked of a server on this port of loopback. */
export const resolver = (port: number): object => ({
  typed_dns_resolver_config: {
    name: 'envoy.network.dns_resolver.cares',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.network.dns_resolver.cares.v3.CaresDnsResolverConfig',
      resolvers: [{ socket_address: { address: '127.0.0.1', port_value: port } }],
    },
  },
});

interface AdsBootstrap {
  readonly dynamic_resources: { readonly ads_config: { api_type: string } };
}

/** Starts a control plane and an Envoy that is one of its proxies. */
export async function startEnvoyBench(specs: MeshSpecs, proxy: Pick<Proxy, 'kind' | 'name' | 'listen'>, { dnsPort, certificates, delta = false, ...options }: BenchOptions = {}): Promise<EnvoyBench> {
  const mesh = editableMesh(specs);
  const xds = await startXds({ reader: mesh.reader, endpoints: mesh.endpoints, clock: Date.now, log: silent, xds: { host: '127.0.0.1', port: 0 }, certificates });
  const nodeId = `mesh/${specs.name}/${proxy.kind}/${proxy.name}`;
  const generated = envoyBootstrap({ nodeId, xdsHost: '127.0.0.1', xdsPort: xds.port, statistics: 'all', ...options, ...(proxy.listen === undefined ? {} : { listen: proxy.listen }) });
  if (delta) (generated as AdsBootstrap).dynamic_resources.ads_config.api_type = 'DELTA_GRPC';
  const bootstrap = { ...generated, ...(dnsPort === undefined ? {} : resolver(dnsPort)) };
  const envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap, log: silent }).catch((error: unknown) => {
    xds.close();
    throw error;
  });
  const propagation = (): Propagation => propagationOf(mesh.view(), xds.connected(), xds.publisher);
  const state = (): Propagation['proxies'][number] | undefined => propagation().proxies[0];
  return {
    mesh,
    envoy,
    state,
    propagation,
    accepted: async () => {
      // A change is published after the turn in which it was made.
      await new Promise(setImmediate);
      const found = await eventually(() => (state()?.state === 'pending' ? undefined : state()), 'a verdict');
      if (found.state !== 'acked') throw new Error(`refused: ${found.error ?? ''}`);
    },
    stat: async (name) => {
      const text = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/stats?filter=^${encodeURIComponent(name.replaceAll('.', '\\.'))}$`)).text();
      return Number(/: (\d+)/.exec(text)?.[1] ?? 0);
    },
    stop: async () => {
      await envoy.stop();
      xds.close();
    },
  };
}
