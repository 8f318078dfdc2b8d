import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { register } from '@grpc/grpc-js-xds';
import { ClusterResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/cluster-resource-type.js';
import { EndpointResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/endpoint-resource-type.js';
import { ListenerResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/listener-resource-type.js';
import { RouteConfigurationResourceType } from '@grpc/grpc-js-xds/build/src/xds-resource-type/route-config-resource-type.js';
import { danglingReferences } from '../../../src/controlplane/snapshot/references.ts';
import { virtualNodeOf } from '../../../src/controlplane/translate/names.ts';
import type { Proxy, ProxyResources } from '../../../src/controlplane/translate/types.ts';
import { encode } from '../../../src/controlplane/xds/codec.ts';
import { MESSAGE, TRANSLATED_TYPES, typeUrl, type TranslatedType } from '../../../src/controlplane/xds/types.ts';
import { goldenCases, translated } from '../../support/goldens.ts';

const out = fileURLToPath(new URL('testdata/out', import.meta.url));
const cases = goldenCases();

const plain = (resources: ProxyResources): object => Object.fromEntries(TRANSLATED_TYPES.map((type) => [type, [...resources[type].values()]]));

describe('translators, by golden files (UPDATE_GOLDENS=1 rewrites them)', () => {
  test.each(cases)('$name: $about', ({ name, mesh, proxies }) => {
    const actual = `${JSON.stringify(proxies.map((proxy) => ({ proxy, ...plain(translated(mesh, proxy)) })), null, 2)}\n`;
    const file = `${out}/${name}.json`;
    if (process.env['UPDATE_GOLDENS'] === '1') writeFileSync(file, actual);
    expect(actual).toBe(readFileSync(file, 'utf8'));
  });

  test('no golden file is left over', () => {
    expect(readdirSync(out).sort()).toEqual(cases.map(({ name }) => `${name}.json`).sort());
  });
});

/** grpc-js-xds's own judgement of a resource. */
interface Decoder {
  decode(context: object, resource: { type_url: string; value: Buffer }): { error?: string };
}

// Its filters are known only once it is registered.
register();

const DECODERS: Readonly<Record<TranslatedType, Decoder>> = {
  cluster: ClusterResourceType.get(),
  endpoint: EndpointResourceType.get(),
  listener: ListenerResourceType.get(),
  route: RouteConfigurationResourceType.get(),
};

const everyProxy = cases.flatMap(({ name, mesh, proxies }) => proxies.map((proxy, index) => ({ name, index, mesh, proxy })));

describe.each(everyProxy)('$name, proxy $index ($proxy.client)', ({ mesh, proxy }) => {
  const resources = translated(mesh, proxy);

  test('every field is one of Envoy 1.40', () => {
    for (const type of TRANSLATED_TYPES) for (const json of resources[type].values()) expect(() => encode(MESSAGE[type], json)).not.toThrow();
  });

  test('names nothing that is not there', () => {
    expect(danglingReferences(resources)).toEqual([]);
  });

  test('names egress clusters so that their node can be read from them', () => {
    const nodes = [...resources.cluster.keys()].flatMap((name) => virtualNodeOf(mesh.name, name) ?? []);
    for (const node of nodes) expect(Object.keys(mesh.virtualNodes ?? {})).toContain(node);
    expect(nodes.length).toBe([...resources.cluster.keys()].filter((name) => name.startsWith(`cds_egress_${mesh.name}_`) && !/_(amazonaws|mesh-allow-all)$/.test(name)).length);
  });

  if (proxy.client !== 'grpc') return;
  test('grpc-js-xds accepts it', () => {
    const verdicts = TRANSLATED_TYPES.flatMap((type) =>
      [...resources[type].values()].map((json) =>
        DECODERS[type].decode({ bootstrap: { certificateProviders: {} } }, { type_url: typeUrl(type), value: Buffer.from(encode(MESSAGE[type], json)) }),
      ),
    );
    expect(verdicts.flatMap(({ error }) => error ?? [])).toEqual([]);
  });
});

test('a proxy whose node is not in the mesh has no configuration', () => {
  const [{ mesh } = { mesh: { name: 'm' } }] = cases;
  const proxy: Proxy = { mesh: mesh.name, kind: 'virtualNode', name: 'absent', client: 'envoy' };
  expect(() => translated(mesh, proxy)).toThrow('absent');
});
