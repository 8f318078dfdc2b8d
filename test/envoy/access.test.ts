import { jest } from '@jest/globals';
import { envoyBootstrap } from '../../src/controlplane/bootstrap/index.ts';
import { silent } from '../../src/contracts/log.ts';
import { createAccess } from '../../src/controlplane/access/access.ts';
import { parseGrants } from '../../src/controlplane/access/grants.ts';
import { startXds, type Xds } from '../../src/controlplane/start-xds.ts';
import { startEnvoy } from '../../src/local/envoy/index.ts';
import { ACCESS_KEYS, KEYS, TOKEN } from '../controlplane/access/signing.ts';
import { createAuthority, hasOpenssl, read, type Authority } from '../support/certificates.ts';
import { describeWith } from '../support/components.ts';
import { envoyBinary } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { editableMesh } from '../support/mesh.ts';

jest.setTimeout(60_000);

const HTTP_OPTIONS = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions';

interface Bootstrap {
  dynamic_resources: { ads_config: { grpc_services: { envoy_grpc: { authority?: string }; initial_metadata?: object[] }[] } };
  static_resources: { clusters: { transport_socket?: object; typed_extension_protocol_options: Record<string, { http_filters?: object[] }> }[] };
}

const tlsSocket = (authority: Authority, certificates: object[] = []): object => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext',
    sni: 'localhost',
    common_tls_context: { tls_certificates: certificates, alpn_protocols: ['h2'], validation_context: { trusted_ca: { filename: authority.file } } },
  },
});

/** Envoy's own Signature Version 4, by a filter on the way to the control plane. */
const signing = (key: { accessKeyId: string; secretAccessKey: string }): object[] => [
  {
    name: 'envoy.filters.http.aws_request_signing',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.aws_request_signing.v3.AwsRequestSigning',
      service_name: 'appmesh',
      region: 'us-east-1',
      use_unsigned_payload: true,
      credential_provider: { inline_credential: { access_key_id: key.accessKeyId, secret_access_key: key.secretAccessKey } },
    },
  },
  { name: 'envoy.filters.http.upstream_codec', typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec' } },
];

describeWith('Envoy 1.40 or openssl', envoyBinary !== undefined && hasOpenssl, 'an Envoy that shows who it is', () => {
  let authority: Authority;
  let xds: Xds;

  beforeAll(() => {
    authority = createAuthority();
  });
  afterAll(() => authority.dispose());
  afterEach(() => xds.close());

  async function start(mutual: boolean): Promise<void> {
    const mesh = editableMesh({ name: 'pgMesh', virtualNodes: { svc1: {}, svc2: {} } });
    const { certificateChain, privateKey } = authority.issue('localhost');
    const tls = { certificate: read(certificateChain), key: read(privateKey), ...(mutual ? { clientAuthorities: read(authority.file) } : {}) };
    xds = await startXds({
      reader: mesh.reader,
      endpoints: mesh.endpoints,
      clock: Date.now,
      log: silent,
      xds: { host: '127.0.0.1', port: 0, tls },
      access: createAccess({ grants: parseGrants(ACCESS_KEYS) }, 'us-east-1', Date.now),
    });
  }

  /** Whether an Envoy for this node gets its configuration; else the status with which its stream is closed, again and again. */
  async function outcome(name: string, change: (bootstrap: Bootstrap) => void, refused: boolean): Promise<string> {
    const bootstrap = envoyBootstrap({ nodeId: `mesh/pgMesh/virtualNode/${name}`, xdsHost: '127.0.0.1', xdsPort: xds.port, listen: {} }) as Bootstrap;
    change(bootstrap);
    try {
      // One that is refused never becomes ready; it says why again and again.
      const envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap, log: silent, timeoutMs: refused ? 4_000 : 15_000 });
      await eventually(() => xds.connected().some(({ proxy, stream }) => proxy.name === name && stream.state.state === 'acked') || undefined, 'configured');
      await envoy.stop();
      return 'configured';
    } catch (error) {
      return /gRPC config stream .*closed: (\d+), /.exec((error as Error).message)?.[1] ?? String(error);
    }
  }

  const overTls = (bootstrap: Bootstrap): void => void (bootstrap.static_resources.clusters[0]!.transport_socket = tlsSocket(authority));
  const withToken = (bootstrap: Bootstrap): void => {
    overTls(bootstrap);
    bootstrap.dynamic_resources.ads_config.grpc_services[0]!.initial_metadata = [{ key: 'authorization', value: `Bearer ${TOKEN}` }];
  };
  const withSignature = (key: { accessKeyId: string; secretAccessKey: string }) => (bootstrap: Bootstrap): void => {
    overTls(bootstrap);
    bootstrap.static_resources.clusters[0]!.typed_extension_protocol_options[HTTP_OPTIONS]!.http_filters = signing(key);
  };
  const withCertificate = (name: string) => (bootstrap: Bootstrap): void => {
    const { certificateChain, privateKey } = authority.issue(name);
    bootstrap.static_resources.clusters[0]!.transport_socket = tlsSocket(authority, [{ certificate_chain: { filename: certificateChain }, private_key: { filename: privateKey } }]);
  };

  test.each<[string, string, string, (bootstrap: Bootstrap) => void]>([
    ['no credentials', 'svc1', '16', overTls],
    ['its token', 'svc1', 'configured', withToken],
    ['its signature', 'svc1', 'configured', withSignature(KEYS.svc1)],
    ['another node’s signature', 'svc2', '7', withSignature(KEYS.svc1)],
  ])('over TLS with %s: %s is %s', async (_what, name, expected, change) => {
    await start(false);
    expect(await outcome(name, change, expected !== 'configured')).toBe(expected);
  });

  test('over mutual TLS with its certificate it is configured', async () => {
    await start(true);
    expect(await outcome('svc1', withCertificate('spiffe://example.org/mesh/pgMesh/virtualNode/svc1'), false)).toBe('configured');
  });
});
