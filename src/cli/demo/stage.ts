import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type Client } from '../client.ts';
import { packageFile } from '../package-file.ts';
import { provision, type Provisioned } from '../provision.ts';
import { readCanary, readMesh } from '../read-files.ts';
import { putCanary } from '../rollouts-api.ts';
import type { Log } from '../../contracts/log.ts';
import { startRuntime, type Runtime } from '../../local/runtime.ts';

/** What plays: a runtime of its own on free ports, with its data in a folder that goes with it. */
export interface Stage {
  readonly runtime: Runtime;
  readonly client: Client;
  close(): Promise<void>;
}

const example = (...path: readonly string[]): string => packageFile('examples', 'pgmesh', ...path);

export async function openStage(env: Readonly<Record<string, string | undefined>>, log: Log): Promise<Stage> {
  const dataFolder = await mkdtemp(join(tmpdir(), 'meshshift-demo-'));
  const removeData = (): Promise<void> => rm(dataFolder, { recursive: true, force: true });
  try {
    const runtime = await startRuntime({ port: 0, xdsPort: 0, dataFolder, deploymentFile: packageFile('serverless.yml'), workloadsFile: example('workloads.yaml'), log });
    return {
      runtime,
      client: connect(runtime.url, env),
      close: async () => {
        await runtime.close();
        await removeData();
      },
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}

/** pgMesh as the walkthrough leaves it, everything on the first version, and how svc1 is released. */
export async function setScene({ client }: Stage): Promise<readonly Provisioned[]> {
  const provisioned = await provision(await client.stepFunctions(), (await readMesh([example('mesh.yaml')])).resources);
  const { source, definition } = await readCanary(example('canary.yaml'));
  await putCanary(client, definition.name, source);
  await client.ask('PUT', '/meshshift/local/workloads/pgMesh/svcNode1', { tag: 'v1' });
  return provisioned;
}

/** The route's spec as the App Mesh API answers it, byte for byte. */
export async function readRouteSpec({ client }: Stage): Promise<string> {
  const answer = await client.ask('GET', '/v20190125/meshes/pgMesh/virtualRouter/svcNode1/routes/svcNode1');
  const { route = answer } = answer as { route?: unknown };
  return JSON.stringify((route as { spec: unknown }).spec);
}

export const callerProgram = (): string => packageFile('dist', 'examples', 'pgmesh', 'caller.mjs');
