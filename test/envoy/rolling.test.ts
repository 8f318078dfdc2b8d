import type { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { jest } from '@jest/globals';
import { silent } from '../../src/contracts/log.ts';
import type { Propagation } from '../../src/controlplane/xds/propagation.ts';
import { startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { runMain } from '../cli/run-main.ts';
import { startBalancer, type Balancer } from '../support/balancer.ts';
import { openCaller, type Caller } from '../support/caller.ts';
import { describeWith } from '../support/components.ts';
import { appMeshClient } from '../support/control-plane.ts';
import { hasDynamoDbLocal, startDynamoDbLocal, type DynamoDbLocal } from '../support/dynamodb-local.ts';
import { envoyBinary, freePort } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { startServe, type Served } from '../support/serve.ts';
import { startUpstream, type Upstream } from '../support/upstreams.ts';
import { addNode, buildWalkthrough, CALLER, MESH, register, SERVICE, shift, telemetryOf } from '../support/walkthrough.ts';

/** How often both control planes are restarted, one after the other. */
const ROUNDS = Number(process.env['MESHSHIFT_ROUNDS'] ?? 2);

jest.setTimeout(120_000 + ROUNDS * 60_000);

/** How often proxies report. */
const REPORT_MS = 200;

describeWith('Envoy 1.40 or DynamoDB Local', envoyBinary !== undefined && hasDynamoDbLocal, 'two control planes as services over one table, behind a load balancer', () => {
  let dynamo: DynamoDbLocal;
  let env: Record<string, string>;
  let served: Served[] = [];
  let [api, xds]: Balancer[] = [];
  let client: AppMeshClient;
  let upstreams: Upstream[] = [];
  let proxies: { readonly envoy: RunningEnvoy; readonly caller: Caller }[] = [];

  /** An Envoy whose configuration comes by the port, and what calls through it. */
  async function startProxy(xdsPort: number): Promise<(typeof proxies)[number]> {
    const port = await freePort();
    const { stdout } = await runMain(['mesh', 'bootstrap', CALLER, '--xds', `127.0.0.1:${xdsPort}`, '--listen', `${SERVICE}=${port}`]);
    const envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap: JSON.parse(stdout) as object, log: silent });
    return { envoy, caller: openCaller(`127.0.0.1:${port}`) };
  }
  const upstream = (name: string): Upstream => upstreams.find((one) => one.name === name)!;
  const reach = async (one: Upstream): Promise<void> => {
    const seen = one.served;
    await eventually(() => one.served > seen + 10 || undefined, `traffic reaches ${one.name}`, 30_000);
  };
  const ask = async <T>(path: string): Promise<T | undefined> => {
    const response = await fetch(`http://127.0.0.1:${api!.port}/meshshift/v1/${path}`, { headers: { connection: 'close' } });
    return response.ok ? ((await response.json()) as T) : undefined;
  };
  const allAcknowledged = (count: number): Promise<boolean> =>
    eventually(async () => {
      const told = await ask<Propagation>(`propagation/${MESH}`);
      return (told?.proxies.length === count && told.proxies.every(({ state }) => state === 'acked')) || undefined;
    }, `${count} proxies have acknowledged`, 60_000);

  beforeAll(async () => {
    dynamo = await startDynamoDbLocal();
    env = { MESHSHIFT_TABLE: await dynamo.createTable(), AWS_ENDPOINT_URL_DYNAMODB: dynamo.url, MESHSHIFT_DRAIN: '2' };
    served = await Promise.all([startServe(env), startServe(env)]);
    [api, xds] = [await startBalancer(served.map(({ port }) => port)), await startBalancer(served.map(({ xdsPort }) => xdsPort))];
    client = appMeshClient(`http://127.0.0.1:${api.port}`);
    upstreams = await Promise.all(['svcNode1', 'svcNode1v2'].map(startUpstream));
    await buildWalkthrough(client);
    for (const { name, port } of upstreams) await register(`http://127.0.0.1:${api.port}`, name, [port]);
    await shift(client, { svcNode1: 100 });
    // One of each control plane.
    proxies = [await startProxy(xds.port), await startProxy(xds.port)];
    await allAcknowledged(2);
  });
  afterAll(async () => {
    for (const { envoy, caller } of proxies) {
      caller.close();
      await envoy.stop();
    }
    for (const one of upstreams) one.stop();
    client.destroy();
    for (const balancer of [api, xds]) balancer?.stop();
    await Promise.all(served.map((one) => one.end('SIGKILL')));
    await dynamo.stop();
  });

  test('what is changed at one reaches the Envoys of both, and either tells what all of them counted', async () => {
    for (const { caller } of proxies) expect(await caller.call()).toEqual({ by: 'svcNode1' });
    const took: number[] = [];
    for (const [index, one] of [...served, ...served].entries()) {
      const direct = appMeshClient(one.url);
      const name = index % 2 === 0 ? 'svcNode1v2' : 'svcNode1';
      const start = performance.now();
      await shift(direct, { svcNode1: 0, svcNode1v2: 0, [name]: 100 });
      for (const { caller } of proxies) {
        await eventually(async () => {
          const outcome = await caller.call();
          return ('by' in outcome && outcome.by === name) || undefined;
        }, `calls reach ${name}`);
      }
      took.push(performance.now() - start);
      direct.destroy();
    }
    console.log(`a change at one control plane had reached the Envoys of both after ${took.map(Math.round).join(', ')} ms`);
    // What a proxy serves before its reports begin is in none of them: only what is asked for from now on is told to the last.
    const settled = Date.now() + 2 * REPORT_MS;
    const since = await Promise.all(served.map(({ url }) => eventually(async () => ((told) => ((told.lastReportAt ?? 0) > settled ? told.now : undefined))(await telemetryOf(url, 'svcNode1')), 'proxies report')));
    for (const { caller } of proxies) await caller.run(50, 5);
    for (const [index, { url }] of served.entries()) {
      await eventually(async () => (await telemetryOf(url, 'svcNode1', since[index])).buckets.reduce((sum, { ok }) => sum + ok, 0) === 100 || undefined, 'all calls are counted', 20_000);
    }
  });

  test('both are restarted, one after the other, and no request is lost', async () => {
    const loads = proxies.map(({ caller }) => caller.load(4));
    let on = upstream('svcNode1');
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const index of [0, 1]) {
        // Weights change before, meanwhile and after; a node is added, and one removed.
        const ending = served[index]!.end();
        on = upstream(on.name === 'svcNode1' ? 'svcNode1v2' : 'svcNode1');
        await shift(client, { [on.name]: 100 });
        await addNode(client, `round-${round}-${index}`);
        expect(await ending).toBe(0);
        await reach(on);
        served[index] = await startServe(env);
        api!.targets[index] = served[index].port;
        xds!.targets[index] = served[index].xdsPort;
        await allAcknowledged(2);
      }
    }
    const tallies = await Promise.all(loads.map((load) => load.stop()));
    const answered = tallies.flatMap(({ by }) => [...by.values()]).reduce((sum, one) => sum + one, 0);
    console.log(`${ROUNDS * 2} restarts of one of two control planes: ${answered} requests, ${tallies.flatMap(({ errors }) => errors).length} lost`);
    expect(tallies.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
