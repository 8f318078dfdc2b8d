import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logFormatRule, OPERATOR_NAMES } from '../../../src/controlplane/api/rules/log-format.ts';
import { describeWith } from '../../support/components.ts';
import { envoyBinary, freePort } from '../../support/envoy.ts';
import { startEnvoyBench } from '../../support/envoy-bench.ts';
import { ask, startHttpUpstream, type HttpUpstream } from '../../support/http-upstream.ts';
import type { MeshSpecs } from '../../support/mesh.ts';

type Logging = NonNullable<NonNullable<MeshSpecs['virtualNodes']>[string]['logging']>;
type Format = NonNullable<NonNullable<NonNullable<Logging['accessLog']>['file']>['format']>;

const TEXT: Format = { text: '%REQ(:METHOD)% %REQ(:PATH)% is %RESPONSE_CODE%' };
const JSON_LINES: Format = { json: [{ key: 'path', value: '%REQ(:PATH)%' }, { key: 'cluster', value: '%UPSTREAM_CLUSTER%' }, { key: 'code', value: '%RESPONSE_CODE%' }] };

/** What operators have in parentheses; those that are not here stand by themselves. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(['REQ', 'RESP', 'TRAILER', 'REQUEST_HEADER', 'RESPONSE_HEADER', 'RESPONSE_TRAILER'].map((name) => [name, ['(x-a)', '(:path?x.b):10']])),
  ...Object.fromEntries(['DYNAMIC_METADATA', 'QUERY_PARAM', 'ENVIRONMENT'].map((name) => [name, ['(a)', '(a.b:c-d):10']])),
  ...Object.fromEntries(['CLUSTER_METADATA', 'UPSTREAM_METADATA'].map((name) => [name, ['(a)', '(a.b:c-d)']])),
  ...Object.fromEntries(['FILTER_STATE', 'UPSTREAM_FILTER_STATE'].map((name) => [name, ['(a)', '(a.b:PLAIN)', '(a:TYPED):5', '(a:FIELD:b)']])),
  ...Object.fromEntries(OPERATOR_NAMES.filter((name) => /_TIME(?:_LOCAL)?$|_V_/.test(name)).map((name) => [name, ['', '(%Y/%m/%dT%H:%M:%S%z %s.%3f)']])),
  COMMON_DURATION: ['(DS_RX_BEG:DS_TX_END)', '(DS_RX_BEG:US_TX_END:us)'],
  PATH: ['', '(NQ)', '(WQ:ORIG_OR_PATH):10'],
  QUERY_PARAMS: ['', ':5', '(ORIG)'],
  RESPONSE_CODE_DETAILS: ['', '(ALLOW_WHITESPACES)'],
};

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
    const port = await freePort();
    const path = join(mkdtempSync(join(folder, 'log-')), 'lines');
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

  test('take every operator that the API takes', async () => {
    const operators = OPERATOR_NAMES.flatMap((name) => (ARGUMENTS[name] ?? ['']).map((argument) => `%${name}${argument}%`));
    expect(operators.filter((text) => logFormatRule({ text }).length > 0)).toEqual([]);
    const lines = await linesOf('virtualGateway', { text: operators.map((operator) => `${operator.replaceAll('%', '%%')}=${operator}`).join('\t') });
    const [first = '', ...others] = lines;
    expect([first.split('\t').length, others.length]).toEqual([operators.length, 1]);
    expect(first).toContain('\t%%RESPONSE_CODE%%=200\t'.replaceAll('%%', '%'));
  });
});
