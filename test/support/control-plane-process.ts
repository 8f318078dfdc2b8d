import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import type { AppMeshClient } from '@aws-sdk/client-app-mesh';
import { appMeshClient, temporaryFolder } from './control-plane.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** A control plane that can be killed and started again on its folder and xDS port, as often as wanted. */
export interface ControlPlaneProcess {
  readonly folder: string;
  readonly url: string;
  readonly xdsPort: number;
  readonly client: AppMeshClient;
  start(): Promise<void>;
  /** SIGKILL leaves it no time for anything; SIGTERM lets it end cleanly. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>;
  dispose(): Promise<void>;
}

/** Bundles the program beside node_modules, so that it finds its packages. */
function bundle(): string {
  const cache = join(root, 'node_modules', '.cache', `meshshift-plane-${process.pid}`);
  mkdirSync(join(cache, 'descriptors'), { recursive: true });
  buildSync({ entryPoints: [join(root, 'test/support/control-plane-program.ts')], outfile: join(cache, 'plane.mjs'), bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external' });
  cpSync(join(root, 'src/controlplane/xds/descriptors/envoy-1.40.binpb'), join(cache, 'descriptors/envoy-1.40.binpb'));
  return cache;
}

export async function startControlPlaneProcess(): Promise<ControlPlaneProcess> {
  const [cache, folder] = [bundle(), temporaryFolder()];
  let running: { end: (signal: 'SIGKILL' | 'SIGTERM') => Promise<void> } | undefined;
  const plane = { folder, url: '', xdsPort: 0, client: appMeshClient('http://127.0.0.1:1') };

  const start = async (): Promise<void> => {
    const child = spawn(process.execPath, [join(cache, 'plane.mjs'), folder, String(plane.xdsPort)], { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_NO_WARNINGS: '1' } });
    const ended = once(child, 'exit');
    const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended.then(() => Promise.reject(new Error('the control plane ended')))])) as [string];
    Object.assign(plane, JSON.parse(line));
    plane.client.destroy();
    plane.client = appMeshClient(plane.url);
    running = {
      end: async (signal) => {
        child.kill(signal);
        await ended;
      },
    };
  };
  const end = async (signal: 'SIGKILL' | 'SIGTERM'): Promise<void> => {
    await running?.end(signal);
    running = undefined;
  };
  await start();
  return Object.assign(plane, {
    start,
    end,
    dispose: async () => {
      await end('SIGKILL');
      plane.client.destroy();
      rmSync(folder, { recursive: true, force: true });
      rmSync(cache, { recursive: true, force: true });
    },
  });
}
