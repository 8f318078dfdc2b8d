import * as z from 'zod/mini';
import { handle } from '../../handlers/middleware/handle.ts';
import { TransientFault } from '../../src/contracts/faults.ts';
import { WorkloadNotReady } from '../../src/workloads/port.ts';

const context = { functionName: 'meshshift-dev-shiftTraffic', awsRequestId: 'r-1' };

/** The lines that a call logs, parsed. */
async function linesOf(event: object, call: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const [print, lines] = [console.log, [] as string[]];
  console.log = (line: string) => void lines.push(line);
  try {
    await handle(z.record(z.string(), z.unknown()), call)(event, context).catch(() => undefined);
  } finally {
    console.log = print;
  }
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
const TOKEN = 'AQCEAAAAKgAAAAMAAAAAAAAAAeTaskToken';

describe('each call is one line of JSON', () => {
  beforeAll(() => {
    process.env['_X_AMZN_TRACE_ID'] = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
  });
  afterAll(() => delete process.env['_X_AMZN_TRACE_ID']);

  test.each<[string, object, unknown, object]>([
    ['a step of a rollout', { id: 'svc1-0-1', step: 1 }, {}, { rollout: 'svc1-0-1' }],
    ['a call of the rollouts API', { pathParameters: { id: 'svc1-0-1' }, requestContext: {} }, {}, { rollout: 'svc1-0-1' }],
    ['an event of a rollout, whose own id is none', { id: 'e-1', 'detail-type': 'Rollout Started', source: 'meshshift', detail: { id: 'svc1-0-1' } }, {}, { rollout: 'svc1-0-1' }],
    ['an execution that stopped', { id: 'e-1', 'detail-type': 'Step Functions Execution Status Change', source: 'aws.states', detail: { name: 'svc1-0-1' } }, {}, { rollout: 'svc1-0-1' }],
    ['a push, by what it started', { id: 'e-1', 'detail-type': 'ECR Image Action', source: 'aws.ecr', detail: {} }, { rollouts: [{ id: 'svc1-0-1', started: true }] }, { rollouts: ['svc1-0-1'] }],
  ])('with function, request, trace, time and rollout: %s', async (_, event, answer, expected) => {
    const [line, ...more] = await linesOf(event, () => Promise.resolve(answer));
    expect(line).toEqual({ level: 'info', message: 'done', function: 'meshshift-dev-shiftTraffic', request: 'r-1', trace: '1-5759e988-bd862e3fe1be46a994272793', ms: expect.any(Number) as number, ...expected });
    expect(more).toEqual([]);
  });

  test('which says why it failed; what only takes time is no failure', async () => {
    expect(await linesOf({ id: 'a' }, () => Promise.reject(new TransientFault('no answer')))).toMatchObject([{ level: 'error', message: 'failed', rollout: 'a', error: 'TransientFault', reason: 'no answer' }]);
    expect(await linesOf({ id: 'a' }, () => Promise.reject(new WorkloadNotReady('1 of 2 tasks')))).toMatchObject([{ level: 'info', message: 'not yet', rollout: 'a', reason: '1 of 2 tasks' }]);
  });

  test('which holds no task token', async () => {
    const lines = await linesOf({ id: 'a', bake: 0, token: TOKEN }, () => Promise.resolve({ token: TOKEN }));
    expect(JSON.stringify(lines)).not.toContain(TOKEN);
  });
});
