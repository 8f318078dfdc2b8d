// What a rollout costs on AWS: one of five steps and 30 minutes is run whole, on a clock of its own, by the deployed state machine and handlers over stores in memory; what it asks for is counted and priced.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { openFaultWorld, type FaultWorld } from '../test/faults/world.ts';
import { begin, finish, printTable, run } from './support/report.ts';
import { meterStore, type Units } from './support/store-meter.ts';

/** us-east-1, on demand, without the free tiers: as each service's public page of prices has them. */
const USD = {
  /** Step Functions, standard workflows: a state transition. */
  transition: 0.025 / 1e3,
  /** Lambda: a request, and a GB-second on arm64. */
  invocation: 0.2 / 1e6,
  gbSecond: 0.0000133334,
  /** DynamoDB on demand: a request unit, of 4 KiB read or 1 KiB written. */
  read: 0.125 / 1e6,
  write: 0.625 / 1e6,
  /** EventBridge: an event of one's own. */
  event: 1 / 1e6,
  /** CloudWatch Logs: a GB taken in. */
  logGb: 0.5,
  /** Fargate on arm64: a vCPU and a GB for an hour; a network load balancer for an hour, without its traffic. */
  vcpuHour: 0.03238,
  gbHour: 0.00356,
  balancerHour: 0.0225,
} as const;
const MEMORY_GB = 0.5;
/** Billed of each invocation, cold starts among them: an assumption, as nothing runs on Lambda here. Warm, the handlers take 5 to 100 ms. */
const BILLED_SECONDS = 0.25;
/** Of a function's own line and Lambda's three. */
const LOG_BYTES = 900;
/** The control plane where this stack runs it, as serverless.yml has it if nothing is said. */
const PARAMS = (parse(readFileSync('serverless.yml', 'utf8')) as { params: { default: Record<string, string | number> } }).params.default;
const TASKS = { count: Number(PARAMS['controlPlaneCount']), vcpu: Number(PARAMS['controlPlaneCpu']) / 1024, gb: Number(PARAMS['controlPlaneMemory']) / 1024 };
const HOURS_A_MONTH = 730;

const definition = {
  name: 'd',
  image: { repository: 'd' },
  target: { mesh: 'm', virtualRouter: 'r', route: 'r' },
  canary: { virtualNode: 'n{{tag}}', hostname: 'n{{tag}}.local' },
  steps: [10, 25, 50, 75, 100],
  bake: '5m',
  afterPromotion: { bake: '5m' },
  deadline: '2h',
};

interface Counts {
  invocations: number;
  events: number;
  readonly rollout: Units;
  readonly watch: Units;
}

/** States entered by every execution, and retries. */
function transitionsOf({ engine, records }: FaultWorld): number {
  const [record] = records();
  const execution = record === undefined ? undefined : engine.store.executionByArn(record.executionArn);
  if (execution === undefined) throw new Error('there is no execution');
  return engine.store.history(execution.id, 0, 10_000, false).filter(({ type }) => type.endsWith('StateEntered')).length;
}

interface Ran extends Counts {
  readonly transitions: number;
  readonly minutes: number;
}

async function runRollout(): Promise<Ran> {
  const counts: Counts = { invocations: 0, events: 0, rollout: { reads: 0, writes: 0 }, watch: { reads: 0, writes: 0 } };
  let by = '';
  const world = await openFaultWorld((call, perform) => {
    by = call.by;
    if (call.to === 'lambda') counts.invocations += 1;
    if (call.to === 'bus') counts.events += 1;
    // What is asked of the store is asked before anything else runs.
    return perform();
  });
  meterStore(world.store, () => (by === 'watch' ? counts.watch : counts.rollout));
  const [real, print] = [globalThis.fetch, console.log];
  globalThis.fetch = world.fetch as unknown as typeof fetch;
  // The handlers' own lines.
  console.log = () => undefined;
  try {
    await world.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: definition }]);
    Object.assign(counts.rollout, { reads: 0, writes: 0 });
    const from = world.now();
    world.push('v1');
    let minutes = 0;
    await world.pass(() => {
      const isOver = world.record('v1')?.phase === 'Succeeded' && world.isIdle();
      if (isOver) minutes = (world.now() - from) / 60_000;
      return isOver;
    });
    return { ...counts, transitions: transitionsOf(world), minutes };
  } finally {
    globalThis.fetch = real;
    console.log = print;
    await world.close();
  }
}

/** Each event of the bus that people are told of invokes a function: all but those that nobody's definition asks for end there. */
const costOf = ({ transitions, invocations, events, rollout }: Ran) => {
  const calls = invocations + events;
  return {
    transitions: transitions * USD.transition,
    invocations: calls * (USD.invocation + BILLED_SECONDS * MEMORY_GB * USD.gbSecond),
    reads: rollout.reads * USD.read,
    writes: rollout.writes * USD.write,
    events: events * USD.event,
    logs: ((calls * LOG_BYTES) / 1e9) * USD.logGb,
  };
};

await run(async () => {
  begin('cost: a rollout of five steps and 30 minutes, by prices of us-east-1 without the free tiers');
  const ran = await runRollout();
  const cost = costOf(ran);
  const usd = Object.values(cost).reduce((sum, each) => sum + each, 0);
  const watchUsd = ran.watch.reads * USD.read + ran.watch.writes * USD.write;
  const containerUsdAMonth = (TASKS.count * (TASKS.vcpu * USD.vcpuHour + TASKS.gb * USD.gbHour) + USD.balancerHour) * HOURS_A_MONTH;
  printTable(
    ['of the orchestration', 'counted', 'USD'],
    [
      ['state transitions', ran.transitions, cost.transitions.toFixed(6)],
      [`invocations (${BILLED_SECONDS} s of ${MEMORY_GB} GB each)`, ran.invocations + ran.events, cost.invocations.toFixed(6)],
      ['read units', ran.rollout.reads, cost.reads.toFixed(6)],
      ['write units', ran.rollout.writes, cost.writes.toFixed(6)],
      ['events', ran.events, cost.events.toFixed(6)],
      ['logs', '', cost.logs.toFixed(6)],
      [`sum, of ${ran.minutes.toFixed(0)} minutes`, '', usd.toFixed(6)],
      ['idle: nothing runs, nothing is asked', 0, '0'],
    ],
  );
  console.log('');
  printTable(
    ['of the control plane, where this stack runs it', 'counted', 'USD'],
    [
      ['the watch, of this rollout: read and write units, one look a second', `${ran.watch.reads} and ${ran.watch.writes}`, watchUsd.toFixed(6)],
      [`a month of ${TASKS.count} tasks (${TASKS.vcpu} vCPU, ${TASKS.gb} GB, arm64) and a network load balancer`, '', containerUsdAMonth.toFixed(2)],
    ],
  );
  finish({
    ...{ usd, transitions: ran.transitions, invocations: ran.invocations + ran.events, reads: ran.rollout.reads, writes: ran.rollout.writes, events: ran.events },
    ...{ minutes: ran.minutes, idleUsd: 0, watch: ran.watch, watchUsd, containerUsdAMonth },
  });
});
