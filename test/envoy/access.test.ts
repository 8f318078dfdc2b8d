import { jest } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../src/contracts/log.ts';
import { createAccess } from '../../src/controlplane/access/access.ts';
import { parseGrants } from '../../src/controlplane/access/grants.ts';
import { startXds, type Xds } from '../../src/controlplane/start-xds.ts';
import { startEnvoy } from '../../src/local/envoy/index.ts';
import { runMain } from '../cli/run-main.ts';
import { ACCESS_KEYS, KEYS, TOKEN } from '../controlplane/access/signing.ts';
import { createAuthority, hasOpenssl, read, type Authority } from '../support/certificates.ts';
import { describeWith } from '../support/components.ts';
import { envoyBinary } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { editableMesh } from '../support/mesh.ts';

jest.setTimeout(60_000);

describeWith('Envoy 1.40 or openssl', envoyBinary !== undefined && hasOpenssl, 'an Envoy that shows who it is', () => {
  let authority: Authority;
  let xds: Xds;
  let tokenFile: string;

  beforeAll(() => {
    authority = createAuthority();
    tokenFile = join(mkdtempSync(join(tmpdir(), 'meshshift-token-')), 'token');
    writeFileSync(tokenFile, TOKEN);
  });
  afterAll(() => {
    authority.dispose();
    rmSync(join(tokenFile, '..'), { recursive: true });
  });
  afterEach(() => xds.close());

  type Door = 'plain' | 'tls' | 'mutual';

  async function start(door: Door): Promise<void> {
    const mesh = editableMesh({ name: 'pgMesh', virtualNodes: { svc1: {}, svc2: {} } });
    const { certificateChain, privateKey } = authority.issue('localhost');
    const tls = { certificate: read(certificateChain), key: read(privateKey), ...(door === 'mutual' ? { clientAuthorities: read(authority.file) } : {}) };
    xds = await startXds({
      reader: mesh.reader,
      endpoints: mesh.endpoints,
      clock: Date.now,
      log: silent,
      xds: { host: '127.0.0.1', port: 0, ...(door === 'plain' ? {} : { tls }) },
      access: createAccess({ grants: parseGrants(ACCESS_KEYS) }, 'us-east-1', Date.now),
    });
  }

  interface Caller {
    readonly name: string;
    readonly args: readonly string[];
    readonly env?: Readonly<Record<string, string>>;
  }

  /** Whether an Envoy that was started as the command line says gets its configuration; else the status with which its stream is closed, again and again. */
  async function outcome(door: Door, { name, args, env = {} }: Caller, refused: boolean): Promise<string> {
    const tls = door === 'plain' ? [] : ['--tls-ca', authority.file, '--tls-name', 'localhost'];
    const printed = await runMain(['mesh', 'bootstrap', `mesh/pgMesh/virtualNode/${name}`, '--xds', `127.0.0.1:${xds.port}`, '--listen', 'all', ...tls, ...args]);
    expect(printed.stderr).toBe('');
    try {
      // One that is refused never becomes ready; it says why again and again.
      const envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap: JSON.parse(printed.stdout) as object, log: silent, timeoutMs: refused ? 2_500 : 15_000, env });
      await eventually(() => xds.connected().some(({ proxy, stream }) => proxy.name === name && stream.state.state === 'acked') || undefined, 'configured');
      await envoy.stop();
      return 'configured';
    } catch (error) {
      return /gRPC config stream .*closed(?: since \d+s ago)?: (\d+), /.exec((error as Error).message)?.[1] ?? String(error);
    }
  }

  const token = (): string[] => ['--token-file', tokenFile];
  const sigv4 = (): string[] => ['--sigv4', 'us-east-1'];
  const environment = ({ accessKeyId, secretAccessKey }: { accessKeyId: string; secretAccessKey: string }) => ({ AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey });
  const certificate = (name: string): string[] => {
    const { certificateChain, privateKey } = authority.issue(name);
    return ['--tls-certificate', certificateChain, '--tls-key', privateKey];
  };
  const spiffe = (): string[] => certificate('spiffe://example.org/mesh/pgMesh/virtualNode/svc1');

  test.each<[Door, string, string, string, () => string[], Caller['env']]>([
    ['plain', 'no credentials', 'svc1', '16', () => [], undefined],
    ['plain', 'its token', 'svc1', 'configured', token, undefined],
    ['plain', 'its signature', 'svc1', 'configured', sigv4, environment(KEYS.svc1)],
    ['tls', 'its token, incrementally', 'svc1', 'configured', () => [...token(), '--delta'], undefined],
    ['tls', 'its signature, incrementally', 'svc1', 'configured', () => [...sigv4(), '--delta'], environment(KEYS.svc1)],
    ['tls', 'another node’s signature', 'svc2', '7', sigv4, environment(KEYS.svc1)],
    ['mutual', 'its certificate', 'svc1', 'configured', spiffe, undefined],
    ['mutual', 'its certificate, incrementally', 'svc1', 'configured', () => [...spiffe(), '--delta'], undefined],
    ['mutual', 'another node’s certificate', 'svc2', '7', spiffe, undefined],
    ['mutual', 'a certificate of nobody and its token', 'svc1', 'configured', () => [...certificate('nobody.local'), ...token()], undefined],
  ])('%s, with %s: %s is %s', async (door, _what, name, expected, args, env) => {
    await start(door);
    expect(await outcome(door, { name, args: args(), ...(env === undefined ? {} : { env }) }, expected !== 'configured')).toBe(expected);
  });

  test('a certificate of the control plane for another name is not taken', async () => {
    await start('tls');
    expect(await outcome('tls', { name: 'svc1', args: [...token(), '--tls-name', 'elsewhere'] }, true)).toBe('14');
  });
});
