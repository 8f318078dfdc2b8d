import { readFileSync } from 'node:fs';
import * as z from 'zod/mini';
import { InvalidInput, parseInput } from '../../../contracts/mistakes.ts';
import type { Quotas } from './quotas.ts';

/** The user guide's service quotas, which AWS raised on request (all but the last three). */
const APP_MESH: Required<Quotas> = {
  meshes: 15,
  virtualNodesPerMesh: 200,
  virtualRoutersPerMesh: 200,
  virtualServicesPerMesh: 200,
  virtualGatewaysPerMesh: 3,
  routesPerVirtualRouter: 50,
  gatewayRoutesPerVirtualGateway: 10,
  backendsPerVirtualNode: 50,
  targetsPerRoute: 10,
  proxiesPerNode: 50,
};

const count = z.optional(z.int().check(z.minimum(0, 'must be 0 or more')));
const schema = z.strictObject(Object.fromEntries(Object.keys(APP_MESH).map((name) => [name, count])) as Record<keyof Quotas, typeof count>);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidInput([{ file: 'quotas', path: '', value: text, rule: 'is not JSON' }], { cause });
  }
}

function textOf(source: string): string {
  if (source.trimStart().startsWith('{')) return source;
  try {
    return readFileSync(source, 'utf8');
  } catch (cause) {
    throw new InvalidInput([{ file: 'quotas', path: '', value: source, rule: `cannot be read: ${(cause as NodeJS.ErrnoException).code ?? ''}` }], { cause });
  }
}

/**
 * Quotas from an option or the environment (`MESHSHIFT_QUOTAS`): the word `app-mesh` for AWS's own, JSON such as `{"virtualNodesPerMesh": 500}`, or the path of
 * a file that holds it. What is not named is unlimited.
 * @throws InvalidInput
 */
export function readQuotas(source: string): Quotas {
  if (source === 'app-mesh') return APP_MESH;
  const given = parseInput(schema, parseJson(textOf(source)), 'quotas');
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
