import { jest } from '@jest/globals';
import type { NodeTelemetry } from '../../src/controlplane/model/counts.ts';
import type { Propagation } from '../../src/controlplane/xds/propagation.ts';
import { openCaller, type Caller, type Tally } from '../support/caller.ts';
import { describeWith } from '../support/components.ts';
import { startTestControlPlane, type TestControlPlane } from '../support/control-plane.ts';
import { envoyBinary, startCallerEnvoy } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { startUpstream, type Upstream } from '../support/upstreams.ts';
import { addNode, buildWalkthrough, CALLER, MESH, register, shift } from '../support/walkthrough.ts';

// Thousands of requests on a machine that may be busy with other suites.
jest.setTimeout(90_000);

const total = ({ buckets }: NodeTelemetry): { ok: number; errors: number } =>
  buckets.reduce((sum, { ok, errors }) => ({ ok: sum.ok + ok, errors: sum.errors + errors }), { ok: 0, errors: 0 });

const answers = ({ by }: Tally): number => [...by.values()].reduce((sum, count) => sum + count, 0);

describeWith('Envoy 1.40', envoyBinary !== undefined, 'the walkthrough’s mesh through Envoy', () => {
  let plane: TestControlPlane;
  let envoy: Awaited<ReturnType<typeof startCallerEnvoy>>;
  let upstreams: Upstream[];
  let caller: Caller;

  const upstream = (name: string): Upstream => upstreams.find((one) => one.name === name)!;
  const get = async <T>(path: string): Promise<T> => (await (await fetch(`${plane.url}/meshshift/v1/${path}`)).json()) as T;
  const telemetry = (node: string, since = 0): Promise<NodeTelemetry> => get(`telemetry/${MESH}/${node}?since=${since}`);
  const accepted = (version?: number): Promise<boolean> =>
    eventually(async () => {
      const { proxies, resources } = await get<Propagation>(`propagation/${MESH}`);
      const route = resources.find(({ kind }) => kind === 'route');
      const current = version === undefined || route?.version === version;
      return (proxies[0]?.state === 'acked' && current && route?.pending === 0) || undefined;
    }, 'the proxy accepted its configuration');

  beforeEach(async () => {
    plane = await startTestControlPlane();
    upstreams = await Promise.all(['svcNode1', 'svcNode1v2', 'svcNode1v3'].map(startUpstream));
    await buildWalkthrough(plane.client);
    for (const { name, port } of upstreams.slice(0, 2)) await register(plane.url, name, [port]);
    envoy = await startCallerEnvoy(plane.xdsPort);
    caller = openCaller(`127.0.0.1:${envoy.port}`);
  });

  afterEach(async () => {
    caller.close();
    await envoy.stop();
    for (const one of upstreams) one.stop();
    await plane.dispose();
  });

  test('splits 5,000 requests 75/25 within 2 points, and its load reports count what the upstreams counted', async () => {
    await accepted();
    upstream('svcNode1v2').failing = 0.5;
    const tally = await caller.run(5_000, 20);
    const canary = upstream('svcNode1v2');
    expect(canary.served / 5_000).toBeGreaterThan(0.23);
    expect(canary.served / 5_000).toBeLessThan(0.27);
    expect(answers(tally) + tally.errors.length).toBe(5_000);
    expect(tally.errors.length).toBe(Math.floor(canary.served / 2));
    const reported = await eventually(async () => {
      const [stable, bad] = [total(await telemetry('svcNode1')), total(await telemetry('svcNode1v2'))];
      return stable.ok + bad.ok + bad.errors >= 5_000 ? { stable, bad } : undefined;
    }, 'all requests are reported');
    expect(reported.stable).toEqual({ ok: upstream('svcNode1').served, errors: 0 });
    expect(reported.bad).toEqual({ ok: canary.served - tally.errors.length, errors: tally.errors.length });
    const { buckets, now } = await telemetry('svcNode1');
    expect(buckets.every(({ at }) => at % 200 === 0 && at <= now)).toBe(true);
    expect((await telemetry('svcNode1', now)).buckets).toEqual([]);
  });

  test('no request fails across 100 weight switches under load', async () => {
    await accepted();
    const load = caller.load(10);
    for (let index = 0; index < 100; index++) {
      const [on, off] = index % 2 === 0 ? ['svcNode1v2', 'svcNode1'] : ['svcNode1', 'svcNode1v2'];
      await shift(plane.client, { svcNode1: on === 'svcNode1' ? 100 : 0, svcNode1v2: on === 'svcNode1v2' ? 100 : 0 });
      const seen = upstream(on).served;
      await eventually(() => upstream(on).served > seen + 10 || undefined, `traffic reaches ${on} and leaves ${off}`);
    }
    const tally = await load.stop();
    expect(tally.errors).toEqual([]);
    expect(answers(tally)).toBeGreaterThan(1_000);
  });

  test('a cluster is added, switched to, and the old one removed, 10 times under load, without loss', async () => {
    await accepted();
    await addNode(plane.client, 'svcNode1v3');
    await register(plane.url, 'svcNode1v3', [upstream('svcNode1v3').port]);
    const load = caller.load(10);
    for (let index = 0; index < 10; index++) {
      const on = index % 2 === 0 ? 'svcNode1v3' : 'svcNode1';
      await shift(plane.client, { [on]: 100 });
      const seen = upstream(on).served;
      await eventually(() => upstream(on).served > seen + 50 || undefined, `traffic reaches ${on}`);
      await eventually(async () => {
        const clusters = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/clusters`)).text();
        const named = [...new Set(clusters.match(/cds_egress_pgMesh_\w+(?=::)/g))];
        return named.length === 1 && named[0] === `cds_egress_pgMesh_${on}_http2_80` ? true : undefined;
      }, `${on} is the only cluster left`);
    }
    const tally = await load.stop();
    expect(tally.errors).toEqual([]);
  });

  test('a restart of the control plane loses no request, and load reports go on', async () => {
    await accepted();
    const load = caller.load(10);
    for (let index = 0; index < 3; index++) {
      await plane.stop();
      const during = answers(load.tally);
      await eventually(() => answers(load.tally) > during + 50 || undefined, 'traffic goes on without a control plane');
      plane = await startTestControlPlane({ folder: plane.folder, xdsPort: plane.xdsPort });
      await accepted();
    }
    const on = upstream('svcNode1v2');
    await shift(plane.client, { svcNode1: 0, svcNode1v2: 100 });
    const since = Date.now();
    await eventually(async () => total(await telemetry('svcNode1v2', since)).ok > 100 || undefined, 'load reports resume', 15_000);
    const tally = await load.stop();
    expect(tally.errors).toEqual([]);
    expect(on.served).toBeGreaterThan(0);
  });

  test('an endpoint that moves takes its traffic along without loss', async () => {
    await accepted();
    const load = caller.load(10);
    await shift(plane.client, { svcNode1: 100 });
    const moved = upstream('svcNode1v3');
    await register(plane.url, 'svcNode1', [upstream('svcNode1').port, moved.port]);
    await eventually(() => moved.served > 20 || undefined, 'the new address gets traffic');
    await register(plane.url, 'svcNode1', [moved.port]);
    const seen = moved.served;
    await eventually(() => moved.served > seen + 200 || undefined, 'it gets all');
    expect((await load.stop()).errors).toEqual([]);
  });

  test('propagation names the node, and forgets it when it leaves', async () => {
    await accepted();
    expect((await get<Propagation>(`propagation/${MESH}`)).proxies).toEqual([{ nodeId: CALLER, kind: 'envoy', state: 'acked' }]);
    await envoy.stop();
    await eventually(async () => (await get<Propagation>(`propagation/${MESH}`)).proxies.length === 0 || undefined, 'it is gone');
  });
});
