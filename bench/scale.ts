// The cost of one change as the mesh grows: from the UpdateRoute call until a connected proxy has the new routes.
// The store lies in memory where the system has such a folder: the disk's own time is not what grows.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openAdsClient } from '../test/support/ads-client.ts';
import { buildMesh, CALLER, capture } from './support/mesh.ts';
import { readOptions } from './support/options.ts';
import { startOwn } from './support/programs.ts';
import { begin, finish, printTable, run } from './support/report.ts';
import { quantile } from './support/stats.ts';

const { changes, most, proxies } = readOptions({ changes: 300, most: 10_000, proxies: 10 });
const SIZES = [10, 100, 1000, 10_000].filter((size) => size <= most);

await run(async () => {
  begin(`scale: ${changes} changes of one route at each size, ${proxies} proxies of other nodes connected besides`);
  const folder = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'meshshift-bench-'));
  const own = await startOwn('control-plane', folder);
  const xdsPort = Number(own.hello['xdsPort']);
  const mesh = await buildMesh(Number(own.hello['port']), 1);
  const { endpoints, routes } = await capture(xdsPort, { id: CALLER, user_agent_name: 'envoy' });
  const client = openAdsClient(xdsPort);
  const stream = client.open(CALLER);
  const settle = async (): Promise<void> => {
    stream.request('cluster');
    await stream.accept('cluster');
    stream.request('endpoint', { names: endpoints });
    await stream.accept('endpoint', endpoints);
    stream.request('listener');
    await stream.accept('listener');
    stream.request('route', { names: routes });
    await stream.accept('route', routes);
  };
  await settle();
  for (const name of ['old', 'new']) for (let index = 0; index < proxies / 2; index += 1) client.open(`mesh/bench/virtualNode/${name}`).request('cluster');

  const points: { nodes: number; ms: number; p99Ms: number }[] = [];
  let nodes = 3;
  for (const size of SIZES) {
    await mesh.addNodes(nodes, size);
    nodes = Math.max(nodes, size);
    const times: number[] = [];
    for (let count = -20; count < changes; count += 1) {
      const begun = performance.now();
      const pushed = stream.accept('route', routes);
      await mesh.shift({ old: 50 + (count & 1), new: 50 - (count & 1) });
      await pushed;
      if (count >= 0) times.push(performance.now() - begun);
    }
    points.push({ nodes: size, ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) });
  }
  client.close();
  mesh.close();
  await own.stop();
  rmSync(folder, { recursive: true, force: true });
  printTable(['virtual nodes', 'ms a change (median)', 'p99'], points.map(({ nodes: size, ms, p99Ms }) => [size, ms, p99Ms]));
  finish({ points, growth: (points.at(-1)?.ms ?? NaN) / (points[0]?.ms ?? NaN) });
});
