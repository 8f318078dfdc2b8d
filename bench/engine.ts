// The local Step Functions engine in `meshshift up`: executions a second, memory with many rollouts in their bake, and transitions of a rollout of five steps.
import { CreateStateMachineCommand, GetExecutionHistoryCommand, ListExecutionsCommand, SFNClient, StartExecutionCommand, type HistoryEvent } from '@aws-sdk/client-sfn';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Connection, prepare } from './support/http-load.ts';
import { readOptions } from './support/options.ts';
import { begin, finish, printTable, run } from './support/report.ts';
import { startRuntime, type RunningRuntime } from './support/runtime.ts';
import { spreadOf } from './support/stats.ts';

const { executions, rounds, bakes, concurrency } = readOptions({ executions: 500, rounds: 3, bakes: 2000, concurrency: 16 });

const ROLE = 'arn:aws:iam::000000000000:role/bench';
/** Four states: a Pass with an expression, a Choice, a Pass, a Succeed. */
const MACHINE = {
  QueryLanguage: 'JSONata',
  StartAt: 'Double',
  States: {
    Double: { Type: 'Pass', Output: { n: '{% $states.input.n * 2 %}' }, Next: 'Large' },
    Large: { Type: 'Choice', Choices: [{ Condition: '{% $states.input.n >= 0 %}', Next: 'Keep' }], Default: 'Keep' },
    Keep: { Type: 'Pass', Next: 'Done' },
    Done: { Type: 'Succeed' },
  },
};

/** Does so many things, so many at a time. */
async function forEach(total: number, atATime: number, task: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < total) await task(next++);
  };
  await Promise.all(Array.from({ length: atATime }, work));
}

/** From the first StartExecution until the last execution has ended. */
async function measureExecutions(client: SFNClient): Promise<number[]> {
  const figures: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const { stateMachineArn } = await client.send(new CreateStateMachineCommand({ name: `bench${round}`, roleArn: ROLE, definition: JSON.stringify(MACHINE) }));
    const begun = performance.now();
    await forEach(executions, concurrency, (index) => client.send(new StartExecutionCommand({ stateMachineArn, input: JSON.stringify({ n: index }) })));
    for (;;) {
      const { executions: running = [] } = await client.send(new ListExecutionsCommand({ stateMachineArn, statusFilter: 'RUNNING', maxResults: 1 }));
      if (running.length === 0) break;
      await delay(5);
    }
    // Round 0 warms up.
    if (round > 0) figures.push(executions / ((performance.now() - begun) / 1000));
  }
  return figures;
}

const nodeSpec = (hostname: string) => ({ listeners: [{ portMapping: { port: 80, protocol: 'http' } }], serviceDiscovery: { dns: { hostname } } });
const definitionOf = (index: number, steps: readonly number[], bake: string) => ({
  name: `bench${index}`,
  image: { repository: 'bench', tag: '*' },
  target: { mesh: 'bench', virtualRouter: 'router', route: `route${index}` },
  canary: { virtualNode: `node${index}-{{tag}}`, hostname: `node${index}-{{tag}}.bench.local` },
  steps,
  bake,
  analysis: { minRequests: 1, noTraffic: 'advance', metricsOutage: 'advance' },
  deadline: '12h',
});

async function prepareRoutes(runtime: RunningRuntime, count: number): Promise<void> {
  const first = new Connection(runtime.port);
  await first.send(prepare('CreateMesh', 'PUT', '/meshes', { meshName: 'bench' }));
  await first.send(prepare('CreateVirtualNode', 'PUT', '/meshes/bench/virtualNodes', { virtualNodeName: 'stable', spec: nodeSpec('stable.bench.local') }));
  await first.send(prepare('CreateVirtualRouter', 'PUT', '/meshes/bench/virtualRouters', { virtualRouterName: 'router', spec: { listeners: [{ portMapping: { port: 80, protocol: 'http' } }] } }));
  for (let index = 0; index < count; index += 1) {
    const spec = { httpRoute: { match: { prefix: `/route${index}` }, action: { weightedTargets: [{ virtualNode: 'stable', weight: 100 }] } } };
    await first.send(prepare('CreateRoute', 'PUT', '/meshes/bench/virtualRouter/router/routes', { routeName: `route${index}`, spec }));
  }
  first.close();
}

const start = async (runtime: RunningRuntime, index: number): Promise<string> =>
  ((await runtime.ask('POST', '/meshshift/v1/rollouts', { definition: `bench${index}`, image: { tag: 'v2' } })) as { id: string }).id;

interface Shown {
  readonly id: string;
  readonly phase: string;
  readonly executionArn: string;
  readonly bake: unknown;
}

const show = async (runtime: RunningRuntime, id: string): Promise<Shown> => (await runtime.ask('GET', `/meshshift/v1/rollouts/${id}`)) as Shown;

async function historyOf(client: SFNClient, executionArn: string): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await client.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000, ...(nextToken === undefined ? {} : { nextToken }) }));
    events.push(...(page.events ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return events;
}

/** What Step Functions bills: each state entered, each retry besides. */
async function countTransitions(runtime: RunningRuntime, client: SFNClient): Promise<{ transitions: number; events: number }> {
  await runtime.ask('PUT', '/meshshift/v1/canaries/bench0', definitionOf(0, [10, 25, 50, 75, 100], '1s'));
  const id = await start(runtime, 0);
  let shown = await show(runtime, id).catch(() => undefined);
  for (const deadline = performance.now() + 90_000; shown?.phase !== 'Succeeded'; shown = await show(runtime, id).catch(() => undefined)) {
    if (shown?.phase === 'RolledBack' || shown?.phase === 'Failed' || performance.now() > deadline) throw new Error(`the rollout did not succeed: ${JSON.stringify(shown)}`);
    await delay(100);
  }
  const events = await historyOf(client, shown.executionArn);
  return { transitions: events.filter(({ type }) => type?.endsWith('StateEntered')).length, events: events.length };
}

interface Bakes {
  readonly rssBefore: number;
  readonly rss: number;
  readonly startedPerSecond: number;
  /** Of the runtime alone, until all were in their bake. */
  readonly cpuMsPerRollout: number;
  /** Of one processor, while all hold their weight and nothing else happens, in percent. */
  readonly holdingCpuPercent: number;
}

const HOLDING_MS = 5_000;

/** Starts all rollouts and waits until each is in its bake. */
async function fillBakes(runtime: RunningRuntime): Promise<Bakes> {
  const rssBefore = runtime.rssMiB();
  const cpuBefore = runtime.cpuMs();
  const begun = performance.now();
  const ids: string[] = [];
  await forEach(bakes, concurrency, async (index) => {
    await runtime.ask('PUT', `/meshshift/v1/canaries/bench${index + 1}`, definitionOf(index + 1, [25, 100], '4h'));
    ids.push(await start(runtime, index + 1));
    if (process.stderr.isTTY) process.stderr.write(`\r${ids.length}/${bakes} `);
  });
  await forEach(ids.length, concurrency, async (index) => {
    const deadline = performance.now() + 600_000;
    for (;;) {
      const shown = await show(runtime, ids[index]!).catch(() => undefined);
      if (shown?.phase === 'Progressing' && shown.bake !== null) return;
      if (shown?.phase === 'RolledBack' || shown?.phase === 'Failed' || performance.now() > deadline) throw new Error(`a rollout is not baking: ${JSON.stringify(shown)}`);
      await delay(500);
    }
  });
  const startedPerSecond = bakes / ((performance.now() - begun) / 1000);
  const cpuMsPerRollout = (runtime.cpuMs() - cpuBefore) / bakes;
  await delay(HOLDING_MS);
  const [cpuHolding, since] = [runtime.cpuMs(), performance.now()];
  await delay(HOLDING_MS);
  const holdingCpuPercent = (100 * (runtime.cpuMs() - cpuHolding)) / (performance.now() - since);
  return { rssBefore, rss: runtime.rssMiB(), startedPerSecond, cpuMsPerRollout, holdingCpuPercent };
}

await run(async () => {
  begin(`engine: ${rounds} rounds of ${executions} executions of four states, ${concurrency} at a time; ${bakes} rollouts in their bake`);
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-bench-'));
  const runtime = await startRuntime(folder);
  const client = new SFNClient({ endpoint: runtime.url, region: 'us-east-1', credentials: { accessKeyId: 'bench', secretAccessKey: 'bench' } });
  const perSecond = spreadOf(await measureExecutions(client));
  await prepareRoutes(runtime, bakes + 1);
  const { transitions, events } = await countTransitions(runtime, client);
  const baking = await fillBakes(runtime);
  client.destroy();
  await runtime.stop();
  rmSync(folder, { recursive: true, force: true });
  printTable(
    ['figure', 'value', 'bound'],
    [
      ['executions a second (median)', perSecond.median, ''],
      ['  lowest round', perSecond.low, ''],
      ['  highest round', perSecond.high, ''],
      ['transitions of a five-step rollout', transitions, 'at most 40'],
      ['  history events', events, 'at most 5000 a week'],
      ['memory with no rollout, MiB', baking.rssBefore, ''],
      [`memory at ${bakes} bakes, MiB`, baking.rss, ''],
      ['rollouts brought to their bake a second', baking.startedPerSecond, ''],
      ['  processor time of the runtime for each, ms', baking.cpuMsPerRollout, ''],
      ['processor while all of them hold, % of one', baking.holdingCpuPercent, ''],
    ],
  );
  finish({ executionsPerSecond: perSecond.median, rssMiB: baking.rss, transitions, historyEvents: events, rssBeforeMiB: baking.rssBefore, bakes, bakesStartedPerSecond: baking.startedPerSecond, cpuMsPerRollout: baking.cpuMsPerRollout, holdingCpuPercent: baking.holdingCpuPercent });
});
