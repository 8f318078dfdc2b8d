import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/** A program that runs beside the benchmark and speaks JSON, a line at a time. */
export interface Program {
  readonly pid: number;
  /** The first line it wrote. */
  readonly hello: Readonly<Record<string, unknown>>;
  /** Writes a line and takes the next line that comes back. */
  ask(question: object): Promise<Record<string, unknown>>;
  /** The next line it writes of itself. */
  next(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a process that is ended with this one. */
export function start(command: string, args: readonly string[], stdout: 'pipe' | 'ignore' = 'pipe'): ChildProcess {
  const child = spawn(command, args, { stdio: ['pipe', stdout, 'inherit'] });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

export async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const impatient = setTimeout(() => child.kill('SIGKILL'), 3_000);
  await ended;
  clearTimeout(impatient);
}

/**
 * Starts a program and waits for its first line.
 * @throws Error when it ends instead of answering.
 */
export async function startProgram(command: string, args: readonly string[]): Promise<Program> {
  const child = start(command, args);
  const waiting: { resolve: (line: Record<string, unknown>) => void; reject: (error: Error) => void }[] = [];
  const lines: Record<string, unknown>[] = [];
  const next = (): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const line = lines.shift();
      if (line === undefined) waiting.push({ resolve, reject });
      else resolve(line);
    });
  if (child.stdout === null) throw new Error('a program without output');
  createInterface({ input: child.stdout }).on('line', (text) => {
    const line = JSON.parse(text) as Record<string, unknown>;
    const waiter = waiting.shift();
    if (waiter === undefined) lines.push(line);
    else waiter.resolve(line);
  });
  const failed = (error: Error): void => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  child.once('error', failed);
  child.once('exit', (code) => failed(new Error(`${command} ended with ${String(code)}`)));
  const hello = await next();
  return {
    pid: child.pid ?? 0,
    hello,
    ask: (question) => {
      child.stdin?.write(`${JSON.stringify(question)}\n`);
      return next();
    },
    next,
    stop: () => stop(child),
  };
}

/** One of bench/programs, bundled beside the benchmark. */
export const startOwn = (name: string, ...args: string[]): Promise<Program> =>
  startProgram(process.execPath, [fileURLToPath(new URL(`./programs/${name}.mjs`, import.meta.url)), ...args]);
