import type { FindHolder } from '../../src/mesh/ensure.ts';
import { openMeshClient, type MeshClient } from '../../src/mesh/client.ts';
import { findHolder } from '../../src/rollout/lock.ts';
import { openStore } from '../../src/store/open.ts';
import type { DocumentStore } from '../../src/store/port.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws Error naming the variable that is not set. */
export function require(env: Environment, name: string): string {
  const value = env[name];
  if (value === undefined || value === '') throw new Error(`the variable ${name} is not set`);
  return value;
}

/** Keeps what `open` made as long as the variables it read are the same: clients outlive a call, not a change of environment. */
export function keep<T>(names: readonly string[], open: (env: Environment) => T): () => T {
  let kept: { key: string; value: T } | undefined;
  return () => {
    const key = JSON.stringify(names.map((name) => process.env[name]));
    if (kept?.key !== key) kept = { key, value: open(process.env) };
    return kept.value;
  };
}

export const meshOf: () => MeshClient = keep(['AWS_ENDPOINT_URL_APP_MESH'], (env) => openMeshClient(require(env, 'AWS_ENDPOINT_URL_APP_MESH')));

export const storeOf: () => Promise<DocumentStore> = keep(['MESHSHIFT_DATA', 'MESHSHIFT_TABLE'], (env) => openStore(env));

/** Who holds a route, by the table of rollouts. */
export const holderOf: FindHolder = async (target) => findHolder(await storeOf(), target);
