import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { root } from '../cli/run-cli.ts';

/** `meshshift serve` in a process of its own. */
export interface Served {
  readonly url: string;
  readonly port: number;
  readonly xdsPort: number;
  /** What it logged so far, lines of JSON. */
  readonly log: () => string;
  /** Asks it to end (or ends it), and gives the exit code or the signal's name. */
  end(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | string>;
}

const COMMAND = [process.execPath, `${root}dist/src/cli/meshshift.mjs`, 'serve'];

interface Ready {
  readonly ready: string;
  readonly port: number;
  readonly xdsPort: number;
}

/** Starts one, by default on free ports of loopback; resolves when it says that it serves. */
export async function startServe(env: Readonly<Record<string, string>>, args: readonly string[] = [], command: readonly string[] = COMMAND, cwd = root): Promise<Served> {
  const [program = '', ...words] = command;
  const ports = { MESHSHIFT_PORT: '0', MESHSHIFT_XDS_PORT: '0' };
  const child = spawn(program, [...words, '--json', ...args], { cwd, env: { PATH: process.env['PATH'], AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', ...ports, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (log += text));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended.then((how) => Promise.reject(new Error(`serve ended with ${how}: ${log}`)))])) as [string];
  const { ready, port, xdsPort } = JSON.parse(line) as Ready;
  return {
    url: ready,
    port,
    xdsPort,
    log: () => log,
    end: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return await ended;
    },
  };
}
