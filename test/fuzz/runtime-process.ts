import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { root } from '../cli/run-cli.ts';

/** What a process holds after a collection of garbage: bytes, and how many of each kind of handle. */
export interface Figures {
  readonly heap: number;
  readonly resources: Readonly<Record<string, number>>;
}

/** `meshshift up` as a person starts it, in a process of its own. */
export interface RuntimeProcess {
  readonly port: number;
  /** Whether it still runs. */
  alive(): boolean;
  /** What it wrote to stderr. */
  stderr(): string;
  figures(): Promise<Figures>;
  stop(): Promise<void>;
}

export async function startRuntimeProcess(): Promise<RuntimeProcess> {
  const data = mkdtempSync(join(tmpdir(), 'meshshift-fuzz-'));
  const args = ['--expose-gc', '--import', fileURLToPath(new URL('figures.mjs', import.meta.url)), `${root}dist/src/cli/meshshift.mjs`, 'up', '--port', '0', '--xds-port', '0', '--data', data];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe', 'ipc'], env: { ...process.env, NODE_OPTIONS: '' } });
  let stderr = '';
  child.stderr?.on('data', (text: Buffer) => (stderr = (stderr + text.toString()).slice(-200_000)));
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout! });
  const [ready] = (await Promise.race([once(lines, 'line'), ended.then(() => Promise.reject(new Error(`the runtime ended: ${stderr}`)))])) as [string];
  return {
    port: Number(new URL(ready.replace('ready ', '')).port),
    alive: () => child.exitCode === null && child.signalCode === null,
    stderr: () => stderr,
    figures: async () => {
      const answer = once(child, 'message');
      child.send('figures');
      return ((await answer) as [Figures])[0];
    },
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
      rmSync(data, { recursive: true, force: true });
    },
  };
}
