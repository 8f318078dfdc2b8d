import { openMeshClient, type MeshClient } from '../../src/mesh/client.ts';
import { readMeshKey } from './secrets.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

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

const MESH = 'AWS_ENDPOINT_URL_APP_MESH';

/** Where a mesh is asked that nobody named. */
const MESH_UNNAMED = `the variable ${MESH} is not set: deploy with --param meshEndpoint=https://…, or with --param controlPlane=fargate`;

export const meshOf: () => MeshClient = keep([MESH, 'MESHSHIFT_MESH_KEY', 'MESHSHIFT_MESH_KEY_SECRET'], (env) => {
  if (!env[MESH]) throw new Error(MESH_UNNAMED);
  return openMeshClient(env[MESH], readMeshKey(env));
});
