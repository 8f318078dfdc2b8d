import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { trackedLookup } from '../../src/controlplane/snapshot/tracked-lookup.ts';
import { translate } from '../../src/controlplane/translate/translate.ts';
import type { Proxy, ProxyResources } from '../../src/controlplane/translate/types.ts';
import { viewOf, type MeshSpecs } from './mesh.ts';

/** A mesh written by hand, and the proxies whose configuration is kept as a golden file. */
export interface GoldenCase {
  readonly name: string;
  readonly about: string;
  readonly mesh: MeshSpecs;
  readonly proxies: readonly Proxy[];
}

const folder = fileURLToPath(new URL('../controlplane/xds/testdata/in', import.meta.url));

/** All cases of test/controlplane/xds/testdata/in, by file name. */
export const goldenCases = (): GoldenCase[] =>
  readdirSync(folder)
    .sort()
    .map((file) => {
      const { about, mesh, proxies } = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as GoldenCase;
      return { name: file.replace(/\.json$/, ''), about, mesh, proxies: proxies.map((proxy) => ({ ...proxy, mesh: mesh.name })) };
    });

/** What a proxy gets of a mesh written by hand. */
export function translated(mesh: MeshSpecs, proxy: Proxy): ProxyResources {
  const { lookup } = trackedLookup(viewOf(mesh), { endpoints: (node) => mesh.endpoints?.[node], instances: (node) => mesh.instances?.[node] });
  const resources = translate(lookup, proxy);
  if (resources === undefined) throw new Error(`${proxy.name} is not in mesh ${mesh.name}`);
  return resources;
}
