import type { Io } from '../../src/cli/command.ts';
import { main } from '../../src/cli/main.ts';
import type { Finished } from './run-cli.ts';

/** A stream that keeps what is written, and is no terminal. */
function keeper(): { stream: NodeJS.WriteStream; text: () => string } {
  let kept = '';
  const stream = {
    write: (text: string) => {
      kept += text;
      return true;
    },
  };
  return { stream: stream as unknown as NodeJS.WriteStream, text: () => kept };
}

/** The command within this process, for the many cases that need no process of their own. */
export async function runMain(args: readonly string[], env: Io['env'] = {}): Promise<Finished> {
  const [stdout, stderr] = [keeper(), keeper()];
  const code = await main(args, { stdout: stdout.stream, stderr: stderr.stream, env, interrupted: new AbortController().signal });
  return { code, stdout: stdout.text(), stderr: stderr.text() };
}
