import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { startProgram } from './programs.ts';

/** `meshshift up` as its users start it, in a process of its own. */
export interface RunningRuntime {
  readonly url: string;
  readonly port: number;
  readonly xdsPort: number;
  /** @throws Error for an answer that is not 2xx. */
  ask(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Resident memory of the process, in MiB. */
  rssMiB(): number;
  /** Processor time that the process has taken, all threads together, in milliseconds. */
  cpuMs(): number;
  stop(): Promise<void>;
}

export async function startRuntime(folder: string): Promise<RunningRuntime> {
  const program = await startProgram(process.execPath, [fileURLToPath(new URL('../../bin/meshshift.js', import.meta.url)), 'up', '--json', '--port', '0', '--xds-port', '0', '--data', folder]);
  const url = String(program.hello['ready']);
  return {
    url,
    port: Number(program.hello['port']),
    xdsPort: Number(program.hello['xdsPort']),
    ask: async (method, path, body) => {
      const answer = await fetch(`${url}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
      const text = await answer.text();
      if (!answer.ok) throw new Error(`${method} ${path} was answered ${answer.status}: ${text.slice(0, 500)}`);
      return JSON.parse(text) as unknown;
    },
    rssMiB: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${program.pid}/status`, 'utf8'))?.[1]) / 1024,
    // In ticks of 10 ms: of user and system, the 12th and 13th after the name.
    cpuMs: () => {
      const fields = readFileSync(`/proc/${program.pid}/stat`, 'utf8').replace(/^.*\) /, '').split(' ');
      return 10 * (Number(fields[11]) + Number(fields[12]));
    },
    stop: () => program.stop(),
  };
}
