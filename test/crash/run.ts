import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FINAL_PHASES, type RouteSpec } from '../../src/contracts/rollout.ts';
import type { RolloutRecord } from '../../src/rollout/record/records.ts';
import { openLibsqlStore } from '../../src/store/libsql.ts';
import { databasePath } from '../../src/store/open.ts';
import { faultsOfEnd, type Ended, type Wanted } from '../faults/end.ts';
import { route, routeBefore, target } from '../faults/route.ts';
import { eventually } from '../support/eventually.ts';
import { reportLoad } from './load.ts';
import { startCrashing, type CrashingRuntime } from './runtime.ts';

/** A rollout that is killed in: its definition, how bad its version is, and how it must end whenever it is killed. */
export interface CrashKind extends Wanted {
  readonly name: string;
  readonly definition: object;
  readonly errorRate: number;
}

/** What became of one run. */
export interface CrashRun {
  /** Commits until the end or the kill, by who made them: `runtime`, or the function. */
  readonly commits: readonly string[];
  readonly wasKilled: boolean;
  /** What is wrong with the end; empty when all is as it must be. */
  readonly wrong: readonly string[];
}

const MESH = '/v20190125/meshes';
const nodeSpec = { listeners: [{ portMapping: { port: 80, protocol: 'http2' } }], serviceDiscovery: { dns: { hostname: 'v0.local' } } };

/** A data folder with the mesh and the definition of a kind, from which each run starts. */
export async function prepareFolder(kind: CrashKind): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-crash-'));
  const runtime = await startCrashing(folder);
  await runtime.ask('PUT', MESH, { meshName: 'm' });
  await runtime.ask('PUT', `${MESH}/m/virtualNodes`, { virtualNodeName: 'v0', spec: nodeSpec });
  await runtime.ask('PUT', `${MESH}/m/virtualRouters`, { virtualRouterName: 'r', spec: { listeners: [{ portMapping: { port: 80, protocol: 'http2' } }] } });
  await runtime.ask('PUT', `${MESH}/m/virtualRouter/r/routes`, { routeName: route.input.routeName, spec: routeBefore });
  await runtime.ask('PUT', '/meshshift/v1/canaries/d', { name: 'd', image: { repository: 'd' }, target, canary: { virtualNode: 'n{{tag}}', hostname: 'n{{tag}}.local' }, ...kind.definition });
  await runtime.kill();
  return folder;
}

const AMZ_JSON = { 'content-type': 'application/x-amz-json-1.1' };
const callAws = (runtime: CrashingRuntime, operation: string, input: object): Promise<unknown> => runtime.ask('POST', '/', input, { ...AMZ_JSON, 'x-amz-target': operation });
/** What a registry says of a push, until it is heard. */
const push = (runtime: CrashingRuntime): Promise<unknown> =>
  callAws(runtime, 'AWSEvents.PutEvents', {
    Entries: [{ Source: 'meshshift.sample', DetailType: 'ECR Image Action', Detail: JSON.stringify({ 'action-type': 'PUSH', result: 'SUCCESS', 'repository-name': 'd', 'image-tag': 'v1', 'image-digest': `sha256:${'1'.repeat(64)}` }) }],
  });

const MOST_MS = 120_000;
const CANARY = 'arn:aws:states:us-east-1:000000000000:stateMachine:meshshift-dev-canary';

async function running(runtime: CrashingRuntime): Promise<number> {
  const { executions } = (await callAws(runtime, 'AWSStepFunctions.ListExecutions', { stateMachineArn: CANARY, statusFilter: 'RUNNING' })) as { executions: unknown[] };
  return executions.length;
}

/** Waits until the rollout has ended, and its execution with it. */
const awaitEnd = (runtime: CrashingRuntime): Promise<true> =>
  eventually(
    async () => {
      const { rollouts } = (await runtime.ask('GET', '/meshshift/v1/rollouts')) as { rollouts: Pick<RolloutRecord, 'phase'>[] };
      return rollouts.length > 0 && rollouts.every(({ phase }) => FINAL_PHASES.has(phase)) && (await running(runtime)) === 0 ? true : undefined;
    },
    'the end',
    MOST_MS,
  );

/** What the stopped runtime left in its folder. */
async function readEnd(folder: string, executions: number, meshOf: { readonly routes: string[]; readonly spec: RouteSpec; readonly nodes: string[] }): Promise<Ended> {
  const store = openLibsqlStore(databasePath(folder));
  try {
    const records = (await store.query('rollout')).map(({ value }) => value as RolloutRecord);
    const [lock] = await store.query('lock');
    const left = [...(await store.query('bake')), ...(await store.query('queue#m/r/r'))].map(({ pk, sk }) => `${pk} ${sk}`);
    return { phases: Object.fromEntries(records.map(({ image, phase }) => [image.tag, phase])), left, holder: (lock?.value as { holder: string | null }).holder, executions, workloads: [], ...meshOf };
  } finally {
    await store.close();
  }
}

async function readMesh(runtime: CrashingRuntime) {
  const { virtualNodes } = (await runtime.ask('GET', `${MESH}/m/virtualNodes`)) as { virtualNodes: { virtualNodeName: string }[] };
  const { routes } = (await runtime.ask('GET', `${MESH}/m/virtualRouter/r/routes`)) as { routes: { routeName: string }[] };
  const { spec } = (await runtime.ask('GET', `${MESH}/m/virtualRouter/r/routes/r`)) as { spec: RouteSpec };
  return { nodes: virtualNodes.map(({ virtualNodeName }) => virtualNodeName), routes: routes.map(({ routeName }) => routeName), spec };
}

/**
 * Runs a rollout from a prepared folder; the runtime is killed by SIGKILL right after its `at`th commit since the push (0: never), and started again.
 * The push is told again to the one that was started, as nobody may have heard it.
 */
export async function runAndKill(kind: CrashKind, prepared: string, at: number): Promise<CrashRun> {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-crash-'));
  cpSync(prepared, folder, { recursive: true });
  const commits = join(folder, 'commits.log');
  const errorRateOf = (node: string): number => (node === 'v0' ? 0 : kind.errorRate);
  let runtime = await startCrashing(folder, { commits, at });
  let stop = reportLoad(runtime, errorRateOf);
  try {
    writeFileSync(commits, '');
    const killed = runtime.ended.then(() => true);
    const ended = push(runtime).then(() => awaitEnd(runtime)).then(() => false);
    // A request that the kill cut off says so by an error.
    const wasKilled = await Promise.race([killed, ended.catch(() => killed)]);
    const made = readFileSync(commits, 'utf8').split('\n').filter((line) => line !== '');
    if (wasKilled) {
      stop();
      rmSync(commits);
      runtime = await startCrashing(folder);
      stop = reportLoad(runtime, errorRateOf);
      await push(runtime);
      await awaitEnd(runtime);
    }
    const [executions, mesh] = [await running(runtime), await readMesh(runtime)];
    await runtime.kill();
    const wrong = faultsOfEnd(await readEnd(folder, executions, mesh), kind);
    return { commits: made, wasKilled, wrong: [...wrong, ...(wrong.length > 0 ? [runtime.stderr()] : [])] };
  } finally {
    stop();
    await runtime.kill();
    if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
  }
}
