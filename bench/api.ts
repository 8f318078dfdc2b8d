// App Mesh's API: operations per second and p99 latency beside moto's server. Ours writes each change to disk before it answers; moto keeps all in memory.
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Connection, load, prepare, type Prepared } from './support/http-load.ts';
import { startMoto } from './support/moto.ts';
import { readOptions } from './support/options.ts';
import { startOwn } from './support/programs.ts';
import { begin, finish, printTable, run, showSpread } from './support/report.ts';
import { quantile, spreadOf } from './support/stats.ts';

const { rounds, seconds, connections, nodes } = readOptions({ rounds: 5, seconds: 2, connections: 16, nodes: 50 });

const nodeSpec = (hostname: string) => ({ listeners: [{ portMapping: { port: 80, protocol: 'http2' } }], serviceDiscovery: { dns: { hostname } } });
const routeSpec = (weight: number) => ({
  http2Route: {
    match: { prefix: '/' },
    action: { weightedTargets: [{ virtualNode: 'node0', weight: 100 - weight }, { virtualNode: 'node1', weight }] },
  },
});
const MESH = '/meshes/bench';

/** A mesh of so many nodes, a router, and a route for each connection. */
const setup: Prepared[] = [
  prepare('CreateMesh', 'PUT', '/meshes', { meshName: 'bench' }),
  ...Array.from({ length: nodes }, (_, index) => prepare('CreateVirtualNode', 'PUT', `${MESH}/virtualNodes`, { virtualNodeName: `node${index}`, spec: nodeSpec(`node${index}.bench.local`) })),
  prepare('CreateVirtualRouter', 'PUT', `${MESH}/virtualRouters`, { virtualRouterName: 'router', spec: { listeners: [{ portMapping: { port: 80, protocol: 'http2' } }] } }),
  ...Array.from({ length: connections }, (_, index) => prepare('CreateRoute', 'PUT', `${MESH}/virtualRouter/router/routes`, { routeName: `route${index}`, spec: routeSpec(0) })),
];

const READS: readonly (() => Prepared)[] = [
  () => prepare('DescribeMesh', 'GET', MESH),
  () => prepare('DescribeVirtualNode', 'GET', `${MESH}/virtualNodes/node7`),
  () => prepare('DescribeRoute', 'GET', `${MESH}/virtualRouter/router/routes/route0`),
  () => prepare('ListVirtualNodes', 'GET', `${MESH}/virtualNodes`),
];

/** Reads in turn. */
function reader(): (connection: number) => Prepared {
  const prepared = READS.map((each) => each());
  let count = 0;
  return () => prepared[count++ % prepared.length]!;
}

let serial = 0;
/** A connection creates a node, changes its route, changes the node, deletes it, and so on. With a client token each, as SDKs send. */
function writer(): (connection: number) => Prepared {
  const progress = new Map<number, number>();
  const names = new Map<number, string>();
  return (connection) => {
    const step = progress.get(connection) ?? 0;
    progress.set(connection, step + 1);
    if (step % 4 === 0) names.set(connection, `new${serial++}`);
    const name = names.get(connection) ?? '';
    const actions: readonly (() => Prepared)[] = [
      () => prepare('CreateVirtualNode', 'PUT', `${MESH}/virtualNodes`, { clientToken: randomUUID(), virtualNodeName: name, spec: nodeSpec(`${name}.bench.local`) }),
      () => prepare('UpdateRoute', 'PUT', `${MESH}/virtualRouter/router/routes/route${connection}`, { clientToken: randomUUID(), spec: routeSpec(step % 100) }),
      () => prepare('UpdateVirtualNode', 'PUT', `${MESH}/virtualNodes/${name}`, { clientToken: randomUUID(), spec: nodeSpec(`${name}.other.local`) }),
      () => prepare('DeleteVirtualNode', 'DELETE', `${MESH}/virtualNodes/${name}`),
    ];
    return actions[step % 4]!();
  };
}

const KINDS = { reads: reader, writes: writer } as const;
type Kind = keyof typeof KINDS;

interface Series {
  readonly perSecond: number[];
  readonly p99: number[];
}

async function measure(sides: Readonly<Record<string, number>>, kind: Kind): Promise<Record<string, Series>> {
  const series: Record<string, Series> = Object.fromEntries(Object.keys(sides).map((side) => [side, { perSecond: [], p99: [] }]));
  for (let round = 0; round <= rounds; round += 1) {
    // Whoever was first is second in the next round; round 0 warms both up.
    const order = Object.entries(sides);
    for (const [side, port] of round % 2 === 0 ? order : order.reverse()) {
      const { perSecond, latencies } = await load(port, connections, round === 0 ? 1 : seconds, KINDS[kind]());
      if (round === 0) continue;
      series[side]?.perSecond.push(perSecond);
      series[side]?.p99.push(quantile(latencies, 0.99));
    }
  }
  return series;
}

await run(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-bench-'));
  const moto = await startMoto();
  const own = await startOwn('control-plane', folder);
  const sides = { meshshift: Number(own.hello['port']), moto: moto.port };
  begin(`api: ${connections} connections, ${rounds} rounds of ${seconds} s a side, a mesh of ${nodes} nodes; beside moto's server`);
  for (const port of Object.values(sides)) {
    const connection = new Connection(port);
    for (const request of setup) await connection.send(request);
    connection.close();
  }
  const results = { reads: await measure(sides, 'reads'), writes: await measure(sides, 'writes') };
  const spread = (kind: Kind, side: string, figure: keyof Series) => spreadOf(results[kind][side]![figure]);
  const kinds = Object.keys(KINDS) as Kind[];
  printTable(
    ['', 'side', 'operations/s (median, low–high)', 'p99 ms'],
    kinds.flatMap((kind) => Object.keys(sides).map((side) => [kind, side, showSpread(spread(kind, side, 'perSecond')), showSpread(spread(kind, side, 'p99'))])),
  );
  const ratio = (kind: Kind, figure: keyof Series): number => spread(kind, 'meshshift', figure).median / spread(kind, 'moto', figure).median;
  const figures = (kind: Kind) => Object.fromEntries(Object.keys(sides).map((side) => [side, { perSecond: spread(kind, side, 'perSecond').median, p99Ms: spread(kind, side, 'p99').median }]));
  console.log(`\nreads ${ratio('reads', 'perSecond').toFixed(1)} times (bound 20), writes ${ratio('writes', 'perSecond').toFixed(1)} times (bound 10)`);
  await Promise.all([own.stop(), moto.stop()]);
  rmSync(folder, { recursive: true, force: true });
  finish({ ratio: { reads: ratio('reads', 'perSecond'), writes: ratio('writes', 'perSecond') }, p99Ratio: { reads: ratio('reads', 'p99'), writes: ratio('writes', 'p99') }, reads: figures('reads'), writes: figures('writes') });
});
