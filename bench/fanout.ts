// One change of weights to many streams: time until the last of them has it, beside go-control-plane serving the very same resources.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPeer, openStreams, startGoControlPlane, type Arrival } from './support/go-peer.ts';
import { buildMesh, CALLER, capture, type Served, type Weights } from './support/mesh.ts';
import { readOptions } from './support/options.ts';
import { startOwn } from './support/programs.ts';
import { begin, finish, printTable, run, showSpread } from './support/report.ts';
import { spreadOf, type Spread } from './support/stats.ts';

const { streams, connections, rounds } = readOptions({ streams: 1000, connections: 50, rounds: 30 });
/** 15 routes are about 5.6 KB. */
const SIZES = { small: 1, large: 15 } as const;
const STATES: readonly Weights[] = [{ old: 25, new: 75 }, { old: 75, new: 25 }];
const node = { id: CALLER, user_agent_name: 'envoy' };
const now = (): number => performance.timeOrigin + performance.now();

interface Measured {
  readonly ours: Spread;
  readonly theirs: Spread;
  readonly bytes: number;
}

async function measure(peer: string, routes: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-bench-'));
  const own = await startOwn('control-plane', folder);
  const xdsPort = Number(own.hello['xdsPort']);
  const mesh = await buildMesh(Number(own.hello['port']), routes);
  const served: Served[] = [];
  for (const weights of STATES) {
    await mesh.shift(weights);
    served.push(await capture(xdsPort, node));
  }
  const go = await startGoControlPlane(peer);
  await go.publish(CALLER, served[1]!.resources);
  const shared = { node: CALLER, streams, connections, endpoints: served[0]!.endpoints, routes: served[0]!.routes };
  const [ourStreams, theirStreams] = await Promise.all([openStreams(peer, { port: xdsPort, ...shared }), openStreams(peer, { port: go.port, ...shared })]);
  await Promise.all([ourStreams.arrival(), theirStreams.arrival()]);

  const times: Record<'ours' | 'theirs', number[]> = { ours: [], theirs: [] };
  let last: Arrival = { at: 0, bytes: 0 };
  const sides = {
    ours: { streams: ourStreams, change: (state: number) => mesh.shift(STATES[state]!) },
    theirs: { streams: theirStreams, change: (state: number) => go.publish(CALLER, served[state]!.resources) },
  };
  for (let round = 0; round < rounds + 2; round += 1) {
    const order = round % 4 < 2 ? (['ours', 'theirs'] as const) : (['theirs', 'ours'] as const);
    for (const side of order) {
      const begun = now();
      const arrived = sides[side].streams.arrival();
      await sides[side].change(round % 2);
      last = await arrived;
      // The first two warm up.
      if (round >= 2) times[side].push(last.at - begun);
    }
  }
  await Promise.all([ourStreams.stop(), theirStreams.stop(), own.stop(), go.stop()]);
  mesh.close();
  rmSync(folder, { recursive: true, force: true });
  return { ours: spreadOf(times.ours), theirs: spreadOf(times.theirs), bytes: last.bytes };
}

await run(async () => {
  const peer = await buildPeer();
  begin(`fanout: one change to ${streams} streams over ${connections} connections, ${rounds} rounds a side; beside go-control-plane 0.14.0\nours from the UpdateRoute call, its write to disk included, until the last stream got the routes; theirs from SetSnapshot`);
  const results = { small: await measure(peer, SIZES.small), large: await measure(peer, SIZES.large) };
  printTable(
    ['routes', 'bytes', 'ours ms (median, low–high)', 'go-control-plane ms', 'ours ÷ theirs'],
    Object.entries(results).map(([size, { ours, theirs, bytes }]) => [size, bytes, showSpread(ours), showSpread(theirs), ours.median / theirs.median]),
  );
  const ratio = (size: keyof typeof SIZES): number => results[size].ours.median / results[size].theirs.median;
  console.log(`\nbound: at most 0.5 at 5.7 KB`);
  finish({ ratio: { small: ratio('small'), large: ratio('large') }, small: results.small, large: results.large });
});
