import * as appMesh from '@aws-sdk/client-app-mesh';
import { jest } from '@jest/globals';
import { appendFileSync, readFileSync } from 'node:fs';
import { silent } from '../../src/contracts/log.ts';
import type { Propagation } from '../../src/controlplane/xds/propagation.ts';
import { startEnvoy, type RunningEnvoy } from '../../src/local/envoy/index.ts';
import { runMain } from '../cli/run-main.ts';
import { openCaller, type Caller } from '../support/caller.ts';
import { createAuthority, hasOpenssl, read, type Authority, type Certificate } from '../support/certificates.ts';
import { describeWith } from '../support/components.ts';
import { startControlPlaneProcess, type ControlPlaneProcess } from '../support/control-plane-process.ts';
import { startTestControlPlane } from '../support/control-plane.ts';
import { startDnsServer } from '../support/dns-server.ts';
import { envoyBinary, freePort } from '../support/envoy.ts';
import { resolver } from '../support/envoy-bench.ts';
import { eventually } from '../support/eventually.ts';
import { startTlsUpstream, type TlsUpstream } from '../support/tls-upstream.ts';
import { startUpstream, type Upstream } from '../support/upstreams.ts';
import { addNode, buildWalkthrough, CALLER, MESH, register, SERVICE, shift } from '../support/walkthrough.ts';

/** How many changes of each kind; `npm run continuity` makes 1,000 switches, 200 replacements, 50 restarts and 100 changes of TLS, by each protocol. */
const countOf = (name: string, usual: number): number => Number(process.env[`MESHSHIFT_${name}`] ?? usual);
const SWITCHES = countOf('SWITCHES', 60);
const REPLACEMENTS = countOf('REPLACEMENTS', 14);
const RESTARTS = countOf('RESTARTS', 4);
const TLS_CHANGES = countOf('TLS_CHANGES', 12);

/** A change takes its time; one that waits for what nobody sends takes 15 s, which is Envoy's own limit for it. */
const STALL_MS = 12_000;

jest.setTimeout(120_000 + (SWITCHES + REPLACEMENTS * 5 + RESTARTS * 20 + TLS_CHANGES * 5) * 300);

type NodeSpec = NonNullable<appMesh.VirtualNodeSpec>;
const http2 = (port: number, more: object = {}): NonNullable<NodeSpec['listeners']>[number] => ({ portMapping: { port, protocol: 'http2' }, ...more });

describeWith('Envoy 1.40 or openssl', envoyBinary !== undefined && hasOpenssl, 'no request is lost while the mesh changes under load', () => {
  describe.each([['state of the world', []], ['incremental', ['--delta']]] as const)('%s', (protocol, args) => {
    let plane: ControlPlaneProcess;
    let envoy: RunningEnvoy;
    let upstreams: Upstream[];
    let caller: Caller;
    let names: Awaited<ReturnType<typeof startDnsServer>>;

    beforeEach(async () => {
      plane = await startControlPlaneProcess();
      upstreams = await Promise.all(['svcNode1', 'svcNode1v2', 'svcNode1v3'].map(startUpstream));
      await buildWalkthrough(plane.client);
      for (const { name, port } of upstreams.slice(0, 2)) await register(plane.url, name, [port]);
      names = await startDnsServer({ 'three.internal': { a: ['127.0.0.1'] }, 'again.internal': { a: ['127.0.0.1'] } });
      const port = await freePort();
      const { stdout } = await runMain(['mesh', 'bootstrap', CALLER, '--xds', `127.0.0.1:${plane.xdsPort}`, '--listen', `${SERVICE}=${port}`, '--statistics', 'all', ...args]);
      envoy = await startEnvoy({ binary: envoyBinary ?? '', bootstrap: { ...(JSON.parse(stdout) as object), ...resolver(names.port) }, log: silent });
      caller = openCaller(`127.0.0.1:${port}`);
      await acknowledged();
    });
    afterEach(async () => {
      caller.close();
      await envoy.stop();
      names.stop();
      for (const one of upstreams) one.stop();
      await plane.dispose();
    });

    const upstream = (name: string): Upstream => upstreams.find((one) => one.name === name)!;
    const acknowledged = (): Promise<boolean> =>
      eventually(async () => {
        const { proxies, resources } = (await (await fetch(`${plane.url}/meshshift/v1/propagation/${MESH}`)).json()) as Propagation;
        const refused = proxies.find(({ state }) => state === 'rejected');
        if (refused !== undefined) throw new Error(`refused: ${refused.error ?? ''}`);
        return (proxies.length === 1 && proxies[0]?.state === 'acked' && resources.every(({ pending }) => pending === 0)) || undefined;
      }, 'the proxy has acknowledged', 30_000);
    const retries = async (): Promise<number> => {
      const text = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/stats?filter=upstream_rq_retry$`)).text();
      return [...text.matchAll(/: (\d+)/g)].reduce((sum, [, count]) => sum + Number(count), 0);
    };
    const clusters = async (): Promise<string[]> => {
      const text = await (await fetch(`http://127.0.0.1:${envoy.adminPort}/clusters`)).text();
      return [...new Set(text.match(/^cds_egress_pgMesh_[^:]+/gm))].filter((name) => !name.includes('amazonaws'));
    };

    /** Makes changes under load, each after the one before has taken effect; tells how long that took. Every request must be answered. */
    async function underLoad(what: string, count: number, change: (index: number) => Promise<void>): Promise<void> {
      const load = caller.load(8);
      const took: number[] = [];
      try {
        for (let index = 0; index < count; index++) {
          const start = performance.now();
          await change(index).catch((cause: unknown) => {
            throw new Error(`change ${index}: ${(cause as Error).message}; lost until then: ${load.tally.errors.length} ${load.tally.errors[0] ?? ''}`, { cause });
          });
          took.push(performance.now() - start);
          if (load.tally.errors.length > 0) break;
        }
      } finally {
        await load.stop();
      }
      const answered = [...load.tally.by.values()].reduce((sum, one) => sum + one, 0);
      const sorted = took.sort((a, b) => a - b);
      const line = `${what} (${protocol}): ${took.length} changes, ${answered} requests, ${load.tally.errors.length} lost, ${await retries()} retried by Envoy; a change took ${Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0)} ms, at most ${Math.round(sorted.at(-1) ?? 0)}`;
      console.log(line);
      if (process.env['MESHSHIFT_CONTINUITY_REPORT'] !== undefined) appendFileSync(process.env['MESHSHIFT_CONTINUITY_REPORT'], `${line}\n`);
      expect({ lost: load.tally.errors.slice(0, 5), changes: took.length }).toEqual({ lost: [], changes: count });
      expect(answered).toBeGreaterThan(count * 5);
      expect(sorted.at(-1)).toBeLessThan(STALL_MS);
    }
    const reach = async (one: Upstream): Promise<void> => {
      const seen = one.served;
      await eventually(() => one.served > seen + 10 || undefined, `traffic reaches ${one.name}`, 30_000);
    };

    test('by weights', () =>
      underLoad('weight switches', SWITCHES, async (index) => {
        const on = upstream(index % 2 === 0 ? 'svcNode1v2' : 'svcNode1');
        await shift(plane.client, index % 4 < 2 ? { svcNode1: 0, svcNode1v2: 0, [on.name]: 100 } : { [on.name]: 100 });
        await reach(on);
      }));

    test('by clusters that are replaced: addresses, ports, host names, settings, nodes by another name', async () => {
      const update = async (virtualNodeName: string, spec: NodeSpec): Promise<void> => {
        await plane.client.send(new appMesh.UpdateVirtualNodeCommand({ meshName: MESH, virtualNodeName, spec }));
      };
      const dns = (hostname: string, responseType: appMesh.DnsResponseType = 'LOADBALANCER') => ({ dns: { hostname, responseType } });
      await shift(plane.client, { svcNode1: 100 });
      await acknowledged();
      const three = upstream('svcNode1v3');
      let made = 0;
      /** Each leaves the route on svcNode1, which is where the next one begins. */
      const kinds: readonly ((index: number) => Promise<void>)[] = [
        // Its workload moves, and moves back.
        async () => {
          await register(plane.url, 'svcNode1', [three.port]);
          await reach(three);
        },
        async () => {
          await register(plane.url, 'svcNode1', [upstream('svcNode1').port]);
          await reach(upstream('svcNode1'));
        },
        // Its port in the mesh is another, and so is the cluster's name.
        (index) => update('svcNode1', { listeners: [http2(81 + index)], serviceDiscovery: dns('svcNode1.pgMesh.local') }),
        (index) => update('svcNode1', { listeners: [http2(80, { outlierDetection: { maxServerErrors: 100 + index, interval: { unit: 's', value: 10 }, baseEjectionDuration: { unit: 's', value: 10 }, maxEjectionPercent: 50 } })], serviceDiscovery: dns('svcNode1.pgMesh.local') }),
        // A node by another name takes its place; then it comes back.
        async () => {
          const name = `renamed${++made}`;
          await addNode(plane.client, name);
          await register(plane.url, name, [three.port]);
          await shift(plane.client, { [name]: 100 });
          await reach(three);
          await shift(plane.client, { svcNode1: 100 });
          await reach(upstream('svcNode1'));
          await plane.client.send(new appMesh.DeleteVirtualNodeCommand({ meshName: MESH, virtualNodeName: name }));
        },
        // Found by its host name instead of by registration, at an address, a name that is resolved once, and one whose every answer counts.
        async () => {
          const name = `found${++made}`;
          const hosts: [string, appMesh.DnsResponseType?][] = [['127.0.0.1'], ['three.internal'], ['again.internal', 'ENDPOINTS'], ['three.internal', 'ENDPOINTS'], ['again.internal']];
          const spec = (host: readonly [string, appMesh.DnsResponseType?]): NodeSpec => ({ listeners: [http2(three.port)], serviceDiscovery: { dns: { ...dns(...host).dns, ipPreference: 'IPv4_ONLY' } } });
          await plane.client.send(new appMesh.CreateVirtualNodeCommand({ meshName: MESH, virtualNodeName: name, spec: spec(hosts[made % hosts.length]!) }));
          await shift(plane.client, { [name]: 100 });
          await reach(three);
          await update(name, spec(hosts[(made + 1) % hosts.length]!));
          await acknowledged();
          await reach(three);
          await shift(plane.client, { svcNode1: 100 });
          await reach(upstream('svcNode1'));
          await plane.client.send(new appMesh.DeleteVirtualNodeCommand({ meshName: MESH, virtualNodeName: name }));
        },
        (index) => update('svcNode1', { listeners: [http2(80, { connectionPool: { http2: { maxRequests: 1_000 + index } }, healthCheck: { protocol: 'tcp', healthyThreshold: 2, unhealthyThreshold: 2, intervalMillis: 5_000, timeoutMillis: 2_000 + index } })], serviceDiscovery: dns('svcNode1.pgMesh.local') }),
      ];
      await underLoad('cluster replacements', REPLACEMENTS, async (index) => {
        await kinds[index % kinds.length]!(index);
        await acknowledged();
        await eventually(async () => (await clusters()).length === 1 || undefined, 'the cluster that was replaced is gone', 30_000);
      });
    });

    test('by restarts of the control plane, killed or ended, with changes while it is away', async () => {
      await shift(plane.client, { svcNode1: 100 });
      await acknowledged();
      let on = upstream('svcNode1');
      const other = (): Upstream => upstream(on.name === 'svcNode1' ? 'svcNode1v2' : 'svcNode1');
      await underLoad('restarts', RESTARTS, async (index) => {
        await plane.end(index % 2 === 0 ? 'SIGKILL' : 'SIGTERM');
        await reach(on);
        if (index % 4 > 1) {
          // Another control plane on the same data, which the proxy does not see, changes the route, and clusters with it.
          const meanwhile = await startTestControlPlane({ folder: plane.folder });
          on = other();
          await shift(meanwhile.client, { [on.name]: 100 });
          await meanwhile.stop();
        }
        await plane.start();
        await acknowledged();
        await reach(on);
        on = other();
        await shift(plane.client, { [on.name]: 100 });
        await reach(on);
      });
    });

    describe('by TLS', () => {
      let authorities: [Authority, Authority];
      let target: TlsUpstream;
      let both: string;
      let own: [Certificate, Certificate];

      beforeEach(async () => {
        authorities = [createAuthority('one'), createAuthority('two')];
        both = authorities[0].file.replace(/\.pem$/, '-both.pem');
        appendFileSync(both, readFileSync(authorities[0].file, 'utf8') + readFileSync(authorities[1].file, 'utf8'));
        own = [authorities[0].issue('caller.one'), authorities[0].issue('caller.two')];
        target = await startTlsUpstream(shown(0));
      });
      afterEach(() => {
        target.stop();
        for (const authority of authorities) authority.dispose();
      });
      const shown = (by: 0 | 1) => {
        const { certificateChain, privateKey } = authorities[by].issue('svcNode1.pgMesh.local');
        return { cert: read(certificateChain), key: read(privateKey) };
      };

      test('modes, certificates, authorities, names, client certificates and policies', async () => {
        const file = { certificateChain: '/certificates/svcNode1.pem', privateKey: '/certificates/svcNode1.key' };
        const listener = async (mode?: appMesh.ListenerTlsMode): Promise<void> => {
          const spec: NodeSpec = { listeners: [http2(80, mode === undefined ? {} : { tls: { mode, certificate: { file } } })], serviceDiscovery: { dns: { hostname: 'svcNode1.pgMesh.local' } } };
          await plane.client.send(new appMesh.UpdateVirtualNodeCommand({ meshName: MESH, virtualNodeName: 'svcNode1', spec }));
        };
        type Policy = appMesh.ClientPolicyTls;
        const policy = async (tls: Policy | undefined, where: 'default' | 'backend' = 'default'): Promise<void> => {
          const clientPolicy = tls === undefined ? {} : { clientPolicy: { tls } };
          const spec: NodeSpec = {
            listeners: [http2(80)],
            serviceDiscovery: { dns: { hostname: 'svc2.pgMesh.local' } },
            backends: [{ virtualService: { virtualServiceName: SERVICE, ...(where === 'backend' ? clientPolicy : {}) } }],
            ...(where === 'default' && tls !== undefined ? { backendDefaults: clientPolicy } : {}),
          };
          await plane.client.send(new appMesh.UpdateVirtualNodeCommand({ meshName: MESH, virtualNodeName: 'svcNode2', spec }));
        };
        const trusting = (certificateChain: string, more: Partial<Policy> = {}, names?: string[]): Policy => ({
          validation: { trust: { file: { certificateChain } }, ...(names === undefined ? {} : { subjectAlternativeNames: { match: { exact: names } } }) },
          ...more,
        });
        const show = (by: 0 | 1): Promise<void> => {
          target.show(shown(by));
          return Promise.resolve();
        };
        const one = authorities[0].file;
        /** Each change, and how calls must arrive after it. */
        const steps: readonly [change: () => Promise<void>, seen: RegExp][] = [
          [() => listener('PERMISSIVE'), /^tls$/],
          [() => policy(trusting(one)), /^tls$/],
          [() => listener('STRICT'), /^tls$/],
          [() => policy(trusting(one, {}, ['other.local', 'svcNode1.pgMesh.local'])), /^tls$/],
          [() => policy(trusting(one, { certificate: { file: own[0] } })), /^tls leaf-1$/],
          [() => policy(trusting(one, { certificate: { file: own[1] } })), /^tls leaf-2$/],
          [() => policy(trusting(both), 'backend'), /^tls$/],
          // The server's certificate is replaced by one of the other authority, and back, while both are trusted.
          [() => show(1), /^tls$/],
          [() => policy(trusting(both, { enforce: false })), /^tls$/],
          [() => show(0), /^tls$/],
          [() => policy(trusting(one, { ports: [81] })), /^(tls|plain)$/],
          [() => listener('DISABLED'), /^plain$/],
          [() => policy(undefined), /^plain$/],
        ];
        await shift(plane.client, { svcNode1: 100 });
        await register(plane.url, 'svcNode1', [target.port]);
        await acknowledged();
        await underLoad('TLS changes', TLS_CHANGES, async (index) => {
          const [change, seen] = steps[index % steps.length]!;
          await change();
          await acknowledged();
          await eventually(async () => {
            const outcome = await caller.call();
            if ('error' in outcome) throw new Error(outcome.error.message);
            return seen.test(outcome.by) || undefined;
          }, `calls arrive as ${String(seen)}`, 30_000);
        });
      });
    });
  });
});
