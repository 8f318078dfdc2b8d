import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { root } from '../cli/run-cli.ts';

/** `meshshift up` in a process of its own, to be killed. */
export interface CrashingRuntime {
  readonly url: string;
  readonly xdsPort: number;
  /** Resolves when the process has ended, by whatever. */
  readonly ended: Promise<unknown>;
  readonly stderr: () => string;
  /** @throws Error for an answer that is not 2xx, or none. */
  ask(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<unknown>;
  kill(): Promise<void>;
}

/** How the runtime is to end: at the commit of that number, which is counted in that file once it is there. */
export interface Killing {
  readonly commits: string;
  readonly at: number;
}

export async function startCrashing(folder: string, killing?: Killing): Promise<CrashingRuntime> {
  const preload = killing === undefined ? [] : ['--import', new URL('kill-at-commit.mjs', import.meta.url).href];
  const env = killing === undefined ? {} : { MESHSHIFT_COMMITS: killing.commits, MESHSHIFT_KILL_AT: String(killing.at) };
  const args = [...preload, `${root}dist/src/cli/meshshift.mjs`, 'up', '--json', '--port', '0', '--xds-port', '0', '--data', folder];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_OPTIONS: '', ...env } });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const ended = once(child, 'exit');
  const failed = ended.then(() => Promise.reject(new Error(`the runtime ended before it was ready: ${stderr}`)));
  const [line] = (await Promise.race([once(createInterface({ input: child.stdout }), 'line'), failed])) as [string];
  failed.catch(() => undefined);
  const { ready: url, xdsPort } = JSON.parse(line) as { ready: string; xdsPort: number };
  return {
    ...{ url, xdsPort, ended },
    stderr: () => stderr,
    ask: async (method, path, body, headers = {}) => {
      const answer = await fetch(`${url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text}`);
      return JSON.parse(text) as unknown;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
