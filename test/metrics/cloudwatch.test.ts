import { openAws } from '../../src/aws/call.ts';
import type { ServerResponse } from 'node:http';
import { openCloudWatchMetrics } from '../../src/metrics/cloudwatch.ts';
import type { Reading } from '../../src/metrics/port.ts';
import { loopback } from './loopback.ts';

const NOW = Date.UTC(2026, 0, 1, 12, 5);
const QUERY = { mesh: 'm', canary: 'c', stable: 's', since: NOW - 4 * 60_000 };
const QUERIES = { bad: 'bad {{virtualNode}}', total: 'all {{virtualNode}}' };

/** As they are on the wire: times are seconds. */
interface WireResult {
  readonly Id: string;
  readonly Label: string;
  readonly StatusCode: string;
  readonly Timestamps: readonly number[];
  readonly Values: readonly number[];
  readonly Messages?: readonly { readonly Code: string; readonly Value: string }[];
}
interface WireInput {
  readonly MetricDataQueries: readonly { readonly Id: string; readonly Expression: string; readonly Period: number }[];
  readonly EndTime: number;
  readonly NextToken?: string;
}
type Answer = (input: WireInput, response: ServerResponse) => void;

const json = (response: ServerResponse, body: object, status = 200): void => {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' });
  response.end(JSON.stringify(body));
};
const result = (Id: string, values: readonly number[], more: Partial<WireResult> = {}): WireResult => ({
  Id,
  Label: Id,
  StatusCode: 'Complete',
  Timestamps: values.map((_, index) => (NOW - (4 - index) * 60_000) / 1000),
  Values: [...values],
  ...more,
});
const all = (canaryBad: readonly number[] = [1, 0]): WireResult[] => [result('canary_bad', canaryBad), result('canary_total', [10, 20]), result('stable_bad', [0, 0]), result('stable_total', [90, 80])];

/** Reads from a CloudWatch on loopback that answers as told. */
async function read(answer: Answer, options: { lagMs?: number } = {}): Promise<Reading> {
  const server = await loopback(({ body }, response) => answer(JSON.parse(body) as WireInput, response));
  const callAws = openAws({ AWS_ENDPOINT_URL_CLOUDWATCH: server.url, AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' }, () => Promise.resolve());
  try {
    return await openCloudWatchMetrics({ callAws, clock: () => NOW, timeoutMs: 500, ...QUERIES, ...options }).read(QUERY);
  } finally {
    await server.close();
  }
}

test('asks for each side and count in one request, and tells whole periods less the lag', async () => {
  const asked: WireInput[] = [];
  const reading = await read((input, response) => {
    asked.push(input);
    json(response, { MetricDataResults: all() });
  });
  expect(reading).toEqual({
    intervals: [
      { at: NOW - 3 * 60_000, canary: { total: 10, bad: 1 }, stable: { total: 90, bad: 0 } },
      { at: NOW - 2 * 60_000, canary: { total: 20, bad: 0 }, stable: { total: 80, bad: 0 } },
    ],
    now: NOW - 2 * 60_000,
    lastReportAt: NOW - 2 * 60_000,
    staleAfterMs: 180_000,
    periodMs: 60_000,
    behind: 3,
  });
  expect(asked).toHaveLength(1);
  expect(asked[0]?.EndTime).toBe((NOW - 2 * 60_000) / 1000);
  expect(asked[0]?.MetricDataQueries.map(({ Id, Expression, Period }) => [Id, Expression, Period])).toEqual([
    ['canary_bad', 'bad c', 60],
    ['canary_total', 'all c', 60],
    ['stable_bad', 'bad s', 60],
    ['stable_total', 'all s', 60],
  ]);
});

test('reads all pages; what one has in part the next completes', async () => {
  const [, ...others] = all();
  const pages = [
    { MetricDataResults: [result('canary_bad', [1], { StatusCode: 'PartialData' }), ...others], NextToken: 'more' },
    { MetricDataResults: [result('canary_bad', [0], { Timestamps: [(NOW - 3 * 60_000) / 1000] })] },
  ];
  const tokens: (string | undefined)[] = [];
  const reading = await read(({ NextToken }, response) => {
    tokens.push(NextToken);
    json(response, pages.shift() ?? {});
  });
  expect(tokens).toEqual([undefined, 'more']);
  expect(reading.intervals.map(({ canary }) => canary.bad)).toEqual([1, 0]);
});

const failing =
  (name: string, status: number): Answer =>
  (_, response) =>
    json(response, { __type: `com.amazonaws.cloudwatch#${name}`, message: 'it said so' }, status);
const answering =
  (...MetricDataResults: WireResult[]): Answer =>
  (_, response) =>
    json(response, { MetricDataResults });

test.each<[what: string, name: string, message: RegExp, answer: Answer]>([
  ['partial data', 'TransientFault', /canary_bad in part: Why: because/, answering(result('canary_bad', [], { StatusCode: 'PartialData', Messages: [{ Code: 'Why', Value: 'because' }] }))],
  ['an internal error', 'TransientFault', /cannot answer the query canary_bad/, answering(result('canary_bad', [], { StatusCode: 'InternalError' }))],
  ['no access to a metric', 'QueryRefused', /refuses the query canary_bad/, answering(result('canary_bad', [], { StatusCode: 'Forbidden' }))],
  ['a search of too much', 'TransientFault', /in part: MaxMetricsExceeded/, (_, response) => json(response, { MetricDataResults: all(), Messages: [{ Code: 'MaxMetricsExceeded', Value: 'too many' }] })],
  ['several series', 'QueryRefused', /canary_bad gives 2 series/, answering(result('canary_bad', [1], { Label: 'one' }), result('canary_bad', [1], { Label: 'two' }))],
  ['bad ones missing', 'TransientFault', /bad has no value/, answering(result('canary_total', [10, 20]), result('stable_total', [1, 1]), result('stable_bad', [0, 0]))],
  ['a throttle', 'TransientFault', /ThrottlingException/, failing('ThrottlingException', 400)],
  ['an outage', 'TransientFault', /InternalServiceFault/, failing('InternalServiceFault', 500)],
  ['a broken connection', 'TransientFault', /cannot be read/, (_, response) => response.destroy()],
  ['no answer in time', 'TransientFault', /cannot be read/, () => undefined],
  ['a wrong expression', 'QueryRefused', /InvalidParameterValueException: it said so/, failing('InvalidParameterValueException', 400)],
])('an error, with its reason: %s', async (_, name, message, answer) => {
  await expect(read(answer, { lagMs: 0 })).rejects.toMatchObject({ name, message: expect.stringMatching(message) as unknown });
});
