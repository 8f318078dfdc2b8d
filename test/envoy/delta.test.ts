import { jest } from '@jest/globals';
import { UpdateVirtualNodeCommand } from '@aws-sdk/client-app-mesh';
import { envoyBootstrap } from '../../src/controlplane/bootstrap/index.ts';
import { silent } from '../../src/contracts/log.ts';
import type { Propagation } from '../../src/controlplane/xds/propagation.ts';
import { startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { openCaller, type Caller, type Tally } from '../support/caller.ts';
import { describeWith } from '../support/components.ts';
import { startTestControlPlane, type TestControlPlane } from '../support/control-plane.ts';
import { envoyBinary, freePort } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';
import { startUpstream, type Upstream } from '../support/upstreams.ts';
import { addNode, buildWalkthrough, CALLER, MESH, register, SERVICE, shift } from '../support/walkthrough.ts';

jest.setTimeout(90_000);

const answers = ({ by }: Tally): number => [...by.values()].reduce((sum, count) => sum + count, 0);

interface AdsConfig {
  dynamic_resources: { ads_config: { api_type: string } };
}

describeWith('Envoy 1.40', envoyBinary !== undefined, 'both protocols of the aggregated stream, through Envoy', () => {
  describe.each(['GRPC', 'DELTA_GRPC'])('%s', (apiType) => {
    let plane: TestControlPlane;
    let envoy: RunningEnvoy;
    let upstreams: Upstream[];
    let caller: Caller;

    const upstream = (name: string): Upstream => upstreams.find((one) => one.name === name)!;
    const settled = (url = plane.url): Promise<boolean> =>
      eventually(async () => {
        const { proxies, resources } = (await (await fetch(`${url}/meshshift/v1/propagation/${MESH}`)).json()) as Propagation;
        return (proxies.length === 1 && proxies[0]?.state === 'acked' && resources.every(({ pending, rejected }) => pending + rejected === 0)) || undefined;
      }, 'the proxy accepted its configuration', 30_000);
    const clusters = async (): Promise<string[]> => {
      const text = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/clusters`)).text();
      return [...new Set(text.match(/cds_egress_pgMesh_svcNode1\w*?_http2_80/g))].map((name) => name.replace(/cds_egress_pgMesh_|_http2_80/g, '')).sort();
    };
    const reach = async (name: string, count = 50): Promise<void> => {
      const seen = upstream(name).served;
      await eventually(() => upstream(name).served > seen + count || undefined, `traffic reaches ${name}`, 30_000);
    };
    /** Another control plane takes the place of the one that was stopped. */
    const restart = async (): Promise<void> => {
      plane = await startTestControlPlane({ folder: plane.folder, xdsPort: plane.xdsPort });
    };

    beforeEach(async () => {
      plane = await startTestControlPlane();
      upstreams = await Promise.all(['svcNode1', 'svcNode1v2', 'svcNode1v3'].map(startUpstream));
      await buildWalkthrough(plane.client);
      for (const { name, port } of upstreams.slice(0, 2)) await register(plane.url, name, [port]);
      const port = await freePort();
      const bootstrap = envoyBootstrap({ nodeId: CALLER, xdsHost: '127.0.0.1', xdsPort: plane.xdsPort, listen: { [SERVICE]: port }, statistics: 'all' }) as AdsConfig;
      bootstrap.dynamic_resources.ads_config.api_type = apiType;
      envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap, log: silent });
      caller = openCaller(`127.0.0.1:${port}`);
      await settled();
    });

    afterEach(async () => {
      caller.close();
      await envoy.stop();
      for (const one of upstreams) one.stop();
      await plane.dispose();
    });

    test('a cluster that changes while its endpoints stay does not stall what comes after it', async () => {
      const load = caller.load(5);
      for (const value of [11, 12, 13]) {
        const outlierDetection = { maxServerErrors: 1_000, interval: { value: 10, unit: 's' as const }, baseEjectionDuration: { value, unit: 's' as const }, maxEjectionPercent: 1 };
        const spec = {
          listeners: [{ portMapping: { port: 80, protocol: 'http2' as const }, outlierDetection }],
          serviceDiscovery: { dns: { hostname: 'svcNode1.pgMesh.local' } },
        };
        const start = performance.now();
        await plane.client.send(new UpdateVirtualNodeCommand({ meshName: MESH, virtualNodeName: 'svcNode1', spec }));
        await eventually(async () => {
          const active = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/config_dump?resource=dynamic_active_clusters`)).text();
          return active.includes(`"base_ejection_time": "${value}s"`) || undefined;
        }, 'the change is in use', 30_000);
        await settled();
        // Envoy itself would wait 15 s, or for ever.
        expect(performance.now() - start).toBeLessThan(5_000);
      }
      expect((await load.stop()).errors).toEqual([]);
    });

    test('clusters are replaced under load without loss', async () => {
      await addNode(plane.client, 'svcNode1v3');
      await register(plane.url, 'svcNode1v3', [upstream('svcNode1v3').port]);
      const load = caller.load(10);
      for (const on of ['svcNode1v3', 'svcNode1', 'svcNode1v3', 'svcNode1']) {
        await shift(plane.client, { [on]: 100 });
        await reach(on);
        await eventually(async () => (await clusters()).join() === on || undefined, `${on} is the only cluster left`);
      }
      expect((await load.stop()).errors).toEqual([]);
    });

    test('a control plane that comes back with another mesh loses no request', async () => {
      await addNode(plane.client, 'svcNode1v3');
      await register(plane.url, 'svcNode1v3', [upstream('svcNode1v3').port]);
      await shift(plane.client, { svcNode1: 100 });
      const load = caller.load(10);
      for (const on of ['svcNode1v3', 'svcNode1', 'svcNode1v3']) {
        await settled();
        await plane.stop();
        // What another instance wrote meanwhile, out of the proxy's reach.
        const other = await startTestControlPlane({ folder: plane.folder });
        await shift(other.client, { [on]: 100 });
        await other.stop();
        const during = answers(load.tally);
        await eventually(() => answers(load.tally) > during + 50 || undefined, 'traffic goes on');
        await restart();
        await reach(on);
        await eventually(async () => (await clusters()).join() === on || undefined, `${on} is the only cluster left`, 30_000);
      }
      expect((await load.stop()).errors).toEqual([]);
    });

    test('a proxy that comes back to what it has is not sent it again', async () => {
      const counts = async () => {
        const text = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/stats?filter=(cluster_manager.cds|listener_manager.lds).update_success`)).text();
        return text.trim().split('\n').sort();
      };
      const before = await counts();
      await plane.stop();
      await restart();
      await settled();
      expect(await counts()).toEqual(before);
    });
  });
});
