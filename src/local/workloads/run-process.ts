import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Log } from '../../contracts/log.ts';
import { WorkloadFailed } from './errors.ts';
import type { Command } from './workloads-file.ts';

export interface RunningProcess {
  readonly pid: number;
  /** Where it serves on 127.0.0.1, as it said itself. */
  readonly port: number;
  /** Resolves with how it ended; never rejects. */
  readonly ended: Promise<string>;
  /** Closes its standard input, which asks it to finish, and kills it when it has not ended in time. */
  stop(): Promise<void>;
}

export interface RunOptions {
  readonly command: Command;
  readonly log: Log;
  /** How long until it must print `ready PORT`. */
  readonly readyWithinMs: number;
  /** How long it may take to end once asked. */
  readonly stopWithinMs: number;
}

const READY = /^ready (\d{1,5})$/;

function watchEnd(child: ChildProcessWithoutNullStreams): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`could not be started: ${error.message}`));
    child.once('exit', (code, signal) => resolve(signal === null ? `ended with exit code ${code ?? 0}` : `ended by ${signal}`));
  });
}

/** Passes its output on to the log, and keeps the last line that it wrote about its troubles. */
function follow(child: ChildProcessWithoutNullStreams, log: Log): { port: Promise<number>; lastWords: () => string } {
  let last = '';
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line.trim() !== '') last = line;
    log('info', 'workload wrote', { pid: child.pid, line });
  });
  const port = new Promise<number>((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = READY.exec(line)?.[1];
      if (found === undefined) log('debug', 'workload wrote', { pid: child.pid, line });
      else resolve(Number(found));
    });
  });
  return { port, lastWords: () => (last === '' ? '' : `; it wrote: ${last.slice(0, 200)}`) };
}

/**
 * Starts a command, without a shell, and waits until it says where it serves. Its standard input stays open as long as
 * this process lives: by its end a workload knows that nobody looks after it any more.
 * @throws WorkloadFailed when it ends or says nothing in time; nothing is left running then.
 */
export async function runProcess({ command, log, readyWithinMs, stopWithinMs }: RunOptions): Promise<RunningProcess> {
  const { program, args, env, folder } = command;
  // A process group of its own: Ctrl-C reaches the runtime alone, which ends its workloads in order.
  const child = spawn(program, args, { cwd: folder, env: { ...process.env, ...env }, stdio: 'pipe', detached: true });
  child.stdin.on('error', () => undefined);
  const ended = watchEnd(child);
  const { port, lastWords } = follow(child, log);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    const impatient = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    await ended;
    clearTimeout(impatient);
  };
  let late: NodeJS.Timeout | undefined;
  const outcome = await Promise.race([
    port,
    ended,
    new Promise<string>((resolve) => (late = setTimeout(resolve, readyWithinMs, `did not print \`ready PORT\` within ${readyWithinMs} ms`))),
  ]);
  clearTimeout(late);
  if (typeof outcome === 'number') return { pid: child.pid ?? 0, port: outcome, ended, stop };
  await stop();
  throw new WorkloadFailed(`${[program, ...args].join(' ')}: ${outcome}${lastWords()}`);
}
