import { spawn, type ChildProcess, type ChildProcessByStdio } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { Log } from '../../contracts/log.ts';

export interface StartEnvoyOptions {
  readonly binary: string;
  /** As `envoyBootstrap` makes it. */
  readonly bootstrap: object;
  readonly log: Log;
  /** How long until it must serve, in milliseconds. Default 15 s. */
  readonly timeoutMs?: number;
  /** Added to this process's environment: the credentials that it signs with, say. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunningEnvoy {
  readonly pid: number;
  readonly adminPort: number;
  /** Ends it and waits for that; also when it has ended already. */
  readonly stop: () => Promise<void>;
}

type ChildProcessWithPipes = ChildProcessByStdio<Writable, null, Readable>;

/** Envoy ended, or did not serve in time. */
export class EnvoyFailed extends Error {
  override readonly name = 'EnvoyFailed';
}

/**
 * A shell that becomes Envoy, after leaving a watcher behind that ends it when this process's end of the pipe closes:
 * so Envoy does not outlive a parent that was killed and could not clean up.
 */
const TIED_TO_PARENT = 'exec 3<&0; { cat <&3 >/dev/null; kill $$; } 2>/dev/null & exec "$0" "$@" </dev/null 3<&-';

function statusOf(port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, timeout: 1_000 }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(0));
  });
}

const adminPortIn = (path: string): Promise<number | undefined> =>
  readFile(path, 'utf8').then((text) => Number(/:(\d+)\s*$/.exec(text)?.[1]) || undefined, () => undefined);

async function waitUntilLive(child: ChildProcess, addressFile: string, timeoutMs: number, tail: () => string): Promise<number> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const port = await adminPortIn(addressFile);
    if (port !== undefined && (await statusOf(port, '/ready')) === 200) return port;
    if (child.exitCode !== null || child.signalCode !== null) throw new EnvoyFailed(`Envoy ended before it served:\n${tail()}`);
    if (Date.now() > deadline) throw new EnvoyFailed(`Envoy did not serve within ${timeoutMs} ms:\n${tail()}`);
    await delay(15);
  }
}

function keepTail(child: ChildProcessWithPipes, log: Log): () => string {
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-4_000);
    log('debug', 'envoy', { text: text.trimEnd() });
  });
  return () => tail;
}

/**
 * Starts Envoy and waits until it has its configuration and serves (admin's /ready).
 * @throws EnvoyFailed when it ends or does not serve in time; nothing is left running then.
 */
export async function startEnvoy({ binary, bootstrap, log, timeoutMs = 15_000, env = {} }: StartEnvoyOptions): Promise<RunningEnvoy> {
  const folder = await mkdtemp(join(tmpdir(), 'meshshift-envoy-'));
  const [config, addressFile] = [join(folder, 'bootstrap.json'), join(folder, 'admin-address')];
  // It may hold a token.
  await writeFile(config, JSON.stringify(bootstrap), { mode: 0o600 });
  const args = ['-c', config, '--use-dynamic-base-id', '--admin-address-path', addressFile, '--log-level', 'warning', '--concurrency', '2'];
  const child = spawn('/bin/sh', ['-c', TIED_TO_PARENT, binary, ...args], { stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, ...env } });
  const tail = keepTail(child, log);
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => {
      child.stdin.destroy();
      resolve();
    });
  });
  const kill = (): void => void child.kill('SIGKILL');
  process.once('exit', kill);

  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const impatient = setTimeout(kill, 3_000);
    await ended;
    clearTimeout(impatient);
    process.removeListener('exit', kill);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { pid: child.pid ?? 0, adminPort: await waitUntilLive(child, addressFile, timeoutMs, tail), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
