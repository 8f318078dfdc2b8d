import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { root } from './run-cli.ts';

export interface Up {
  readonly url: string;
  readonly process: ChildProcess;
  /** Resolves with the exit code, or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** `meshshift up` on free ports; resolves when it prints its ready line, which must be its first. */
export async function startUp(dataFolder: string, ...args: readonly string[]): Promise<Up> {
  const child = spawn(process.execPath, [`${root}dist/src/cli/meshshift.mjs`, 'up', '--port', '0', '--xds-port', '0', '--data', dataFolder, ...args], { cwd: root, env: process.env, stdio: ['ignore', 'pipe', 'pipe'] });
  let complaints = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  const ended = once(child, 'exit').then(([code, signal]) => (code ?? signal) as number | string);
  const lines = createInterface({ input: child.stdout });
  const [line] = (await Promise.race([once(lines, 'line'), ended.then((how) => [`ended with ${how}: ${complaints}`])])) as [string];
  const url = /^ready (http:\/\/127\.0\.0\.1:\d+)$/.exec(line)?.[1];
  if (url === undefined) throw new Error(`not a ready line: ${line}`);
  return { url, process: child, ended };
}

/** Asks until the answer is as wanted; the test's own time limit ends it. */
export async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
