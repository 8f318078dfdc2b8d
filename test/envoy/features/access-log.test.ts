import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '../../support/components.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench } from '../../support/envoy-bench.ts';
import { ask, startHttpUpstream, type HttpUpstream } from '../../support/http-upstream.ts';
import type { MeshSpecs } from '../../support/mesh.ts';

type Logging = NonNullable<NonNullable<MeshSpecs['virtualNodes']>[string]['logging']>;
type Format = NonNullable<NonNullable<NonNullable<Logging['accessLog']>['file']>['format']>;

const TEXT: Format = { text: '%REQ(:METHOD)% %REQ(:PATH)% is %RESPONSE_CODE%' };
const JSON_LINES: Format = { json: [{ key: 'path', value: '%REQ(:PATH)%' }, { key: 'cluster', value: '%UPSTREAM_CLUSTER%' }, { key: 'code', value: '%RESPONSE_CODE%' }] };

describeWith('Envoy 1.40', envoyBinary !== undefined, 'access logs', () => {
  let upstream: HttpUpstream;
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshshift-logs-'));
    upstream = await startHttpUpstream('a');
  });

  afterAll(async () => {
    await upstream.stop();
    rmSync(folder, { recursive: true });
  });

  const specsFor = (port: number, logging: Logging): MeshSpecs => ({
    name: 'm',
    virtualNodes: {
      caller: { backends: [{ virtualService: { virtualServiceName: 'a.local' } }], logging },
      a: { listeners: [{ portMapping: { port: 80, protocol: 'http' } }] },
    },
    virtualServices: { 'a.local': { provider: { virtualNode: { virtualNodeName: 'a' } } } },
    virtualGateways: { gw: { listeners: [{ portMapping: { port, protocol: 'http' } }], logging } },
    gatewayRoutes: { 'gw/all': { httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: 'a.local' } } } } } },
    endpoints: { a: [{ ip: '127.0.0.1', port: upstream.port }] },
  });

  /** The lines that two requests leave, complete once Envoy has ended. */
  async function linesOf(kind: 'virtualNode' | 'virtualGateway', format?: Format): Promise<string[]> {
    const path = join(folder, `${kind}-${Object.keys(format ?? {}).join('')}.log`);
    const port = await freePort();
    const specs = specsFor(port, { accessLog: { file: { path, ...(format === undefined ? {} : { format }) } } });
    const proxy = kind === 'virtualNode' ? { kind, name: 'caller', listen: { 'a.local': port } } : { kind, name: 'gw' };
    const bench = await startEnvoyBench(specs, proxy);
    try {
      await bench.accepted();
      await ask(port, { path: '/one' });
      await ask(port, { path: '/two', method: 'POST' });
    } finally {
      await bench.stop();
    }
    return readFileSync(path, 'utf8').trimEnd().split('\n');
  }

  test('without a format are Envoy’s own', async () => {
    const lines = await linesOf('virtualNode');
    expect(lines).toEqual([expect.stringMatching(/"GET \/one HTTP\/1\.1" 200 /), expect.stringMatching(/"POST \/two HTTP\/1\.1" 200 /)]);
  });

  test.each(['virtualNode', 'virtualGateway'] as const)('of a %s are text, a line a request', async (kind) => {
    expect(await linesOf(kind, TEXT)).toEqual(['GET /one is 200', 'POST /two is 200']);
  });

  test('are JSON', async () => {
    const lines = await linesOf('virtualGateway', JSON_LINES);
    const cluster = 'cds_egress_m_a_http_80';
    expect(lines.map((line): unknown => JSON.parse(line))).toEqual([{ path: '/one', cluster, code: 200 }, { path: '/two', cluster, code: 200 }]);
  });
});
