import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { openPrometheusMetrics } from '../../src/metrics/prometheus.ts';
import { describeWith } from '../support/components.ts';
import { hasPrometheus, startPrometheus, type Prometheus } from '../support/prometheus.ts';
import { loopback, type Asked } from './loopback.ts';

const QUERIES = { bad: 'sum(increase(bad{mesh="{{mesh}}",node="{{virtualNode}}"}[{{step}}]))', total: 'sum(increase(all{node="{{virtualNode}}"}[{{step}}]))' };
const QUERY = { mesh: 'm', canary: 'c', stable: 's' };
const NOW = 1_800_000_060;

const json = (response: ServerResponse, body: object, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};
const success = (resultType: string, result: unknown, more: object = {}): object => ({ status: 'success', data: { resultType, result }, ...more });
const series = (...values: [number, string][]): object => ({ metric: {}, values });
const clock = success('scalar', [NOW, String(NOW)]);

/** A provider over a server that tells the time and answers range queries as told. */
async function over(answer: (parameters: URLSearchParams, response: ServerResponse, asked: Asked) => void, options: object = {}) {
  const server = await loopback((asked, response) => {
    if (asked.path === '/api/v1/query') json(response, clock);
    else answer(new URLSearchParams(asked.body), response, asked);
  });
  return { server, metrics: openPrometheusMetrics({ url: server.url, ...QUERIES, stepSeconds: 30, ...options }) };
}

test('asks for each side and count within the step, and tells whole periods', async () => {
  const { server, metrics } = await over((parameters, response) => {
    const [side, count] = [/node="(\w)"/.exec(parameters.get('query') ?? '')?.[1], parameters.get('query')?.includes('bad')];
    json(response, success('matrix', [series([NOW - 30, count === true ? '1' : '100'], [NOW, count === true ? (side === 'c' ? '7.2' : 'NaN') : side === 'c' ? '99.7' : '0'])]));
  });
  expect(await metrics.read({ ...QUERY, since: (NOW - 60) * 1000 })).toEqual({
    intervals: [
      { at: (NOW - 30) * 1000, canary: { total: 100, bad: 1 }, stable: { total: 100, bad: 1 } },
      { at: NOW * 1000, canary: { total: 100, bad: 7 }, stable: { total: 0, bad: 0 } },
    ],
    now: NOW * 1000,
    lastReportAt: NOW * 1000,
    staleAfterMs: 90_000,
    periodMs: 30_000,
    behind: 2,
  });
  const ranges = server.asked.filter(({ path }) => path === '/api/v1/query_range').map(({ body }) => new URLSearchParams(body));
  expect(ranges.map((range) => range.get('query'))).toEqual(expect.arrayContaining(['sum(increase(bad{mesh="m",node="c"}[30s]))', 'sum(increase(all{node="s"}[30s]))']));
  expect(ranges[0]?.get('end')).toBe(String(NOW));
  expect(ranges[0]?.get('step')).toBe('30');
  await server.close();
});

test('names cannot leave their quotes, and other placeholders are refused', async () => {
  const { server, metrics } = await over((_, response) => json(response, success('matrix', [])));
  await metrics.read({ mesh: 'm', canary: 'c"} or up{x="', stable: 's', since: 0 });
  expect(server.asked.map(({ body }) => new URLSearchParams(body).get('query'))).toContain('sum(increase(all{node="c\\"} or up{x=\\""}[30s]))');
  await server.close();
  const other = await over((_, response) => json(response, success('matrix', [])), { bad: 'bad{{node}}' });
  await expect(other.metrics.read({ ...QUERY, since: 0 })).rejects.toMatchObject({ name: 'QueryRefused', message: expect.stringMatching(/\{\{node\}\}: must be one of/) as unknown });
  await other.server.close();
});

describe('an error, with its reason', () => {
  test.each<[what: string, name: string, message: RegExp, answer: (response: ServerResponse) => void]>([
    ['a wrong query', 'QueryRefused', /refuses the query: bad_data: parse error/, (response) => json(response, { status: 'error', errorType: 'bad_data', error: 'parse error' }, 400)],
    ['a timeout of its own', 'TransientFault', /HTTP 503: timeout: query timed out/, (response) => json(response, { status: 'error', errorType: 'timeout', error: 'query timed out' }, 503)],
    ['warnings: a part is missing', 'TransientFault', /with warnings: one store is down/, (response) => json(response, success('matrix', [], { warnings: ['one store is down'] }))],
    ['several series', 'QueryRefused', /gives 2 series: must give one/, (response) => json(response, success('matrix', [series([NOW, '1']), series([NOW, '2'])]))],
    ['no series but a text', 'QueryRefused', /gives no series/, (response) => json(response, success('string', [NOW, 'x']))],
    ['a proxy that answers for it', 'TransientFault', /cannot be read/, (response) => response.writeHead(502).end('<html>')],
    ['no access', 'QueryRefused', /refuses the caller: HTTP 401/, (response) => response.writeHead(401).end()],
    ['a broken connection', 'TransientFault', /cannot be read/, (response) => response.destroy()],
    ['no answer in time', 'TransientFault', /cannot be read: .*(timeout|aborted)/i, () => undefined],
  ])('%s', async (_, name, message, answer) => {
    const { server, metrics } = await over((_parameters, response) => answer(response), { timeoutMs: 300, headers: { authorization: 'Bearer s3cret' } });
    const failure = metrics.read({ ...QUERY, since: (NOW - 60) * 1000 });
    await expect(failure).rejects.toMatchObject({ name, message: expect.stringMatching(message) as unknown });
    await expect(failure).rejects.toMatchObject({ message: expect.not.stringContaining('s3cret') as unknown });
    expect(server.asked[0]?.headers.authorization).toBe('Bearer s3cret');
    await server.close();
  });
  test('nobody there', async () => {
    const server = await loopback(() => undefined);
    await server.close();
    await expect(openPrometheusMetrics({ url: server.url, ...QUERIES }).read({ ...QUERY, since: 0 })).rejects.toMatchObject({ name: 'TransientFault' });
  });
});

/** Counters of the last minutes and some to come, each 5 s, as lines of the OpenMetrics format. */
function history(now: number): string {
  const lines = (name: string, node: string, perScrape: number): string[] =>
    Array.from({ length: 200 }, (_, index) => `${name}_total{mesh="m",node="${node}"} ${index * perScrape} ${Math.floor(now / 5) * 5 - 600 + index * 5}`);
  return ['# TYPE all counter', ...lines('all', 'c', 10), ...lines('all', 's', 40), '# TYPE bad counter', ...lines('bad', 'c', 1), ...lines('bad', 's', 0), '# EOF', ''].join('\n');
}

describeWith('prometheus', hasPrometheus, 'a real Prometheus', () => {
  let prometheus: Prometheus;
  let url: string;
  beforeAll(async () => {
    const fill = (data: string, folder: string): void => {
      writeFileSync(join(folder, 'history'), history(Date.now() / 1000));
      execFileSync('promtool', ['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'history'), data], { stdio: 'ignore' });
    };
    prometheus = await startPrometheus({ fill });
    ({ url } = prometheus);
  }, 60_000);
  afterAll(() => prometheus.stop());

  const real = { bad: QUERIES.bad.replace('bad{', 'bad_total{'), total: QUERIES.total.replace('all{', 'all_total{') };
  test('counts what it has', async () => {
    const reading = await openPrometheusMetrics({ url, ...real }).read({ ...QUERY, since: Date.now() - 120_000 });
    expect(reading.intervals.length).toBeGreaterThanOrEqual(6);
    for (const { canary, stable } of reading.intervals) expect([canary, stable]).toEqual([{ total: 30, bad: 3 }, { total: 120, bad: 0 }]);
    expect(reading.lastReportAt).toBe(reading.now);
  });
  test('tells a wrong query, and a version that it does not know has no requests', async () => {
    await expect(openPrometheusMetrics({ url, ...real, bad: 'sum(' }).read({ ...QUERY, since: 0 })).rejects.toMatchObject({ name: 'QueryRefused', message: expect.stringContaining('bad_data') as unknown });
    const { intervals, lastReportAt } = await openPrometheusMetrics({ url, ...real }).read({ mesh: 'm', canary: 'x', stable: 'y', since: Date.now() - 60_000 });
    expect([intervals[0]?.canary, lastReportAt]).toEqual([{ total: 0, bad: 0 }, null]);
  });
});
