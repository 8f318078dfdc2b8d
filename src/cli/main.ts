import { readFileSync } from 'node:fs';
import type { Command, Io } from './command.ts';
import { commands } from './commands/index.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { toFailure } from './failure.ts';
import { helpText } from './help.ts';
import { packageFile } from './package-file.ts';
import { DEFAULT_ENDPOINT, parse, type Parsed } from './parse.ts';

const version = (): string => (JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as { version: string }).version;

async function perform(parsed: Parsed, table: readonly Command[], io: Io): Promise<ExitCode> {
  if (parsed.kind === 'call') return parsed.command.run(parsed.call);
  io.stdout.write(`${parsed.kind === 'version' ? version() : helpText(parsed.words, table)}\n`);
  return EXIT.ok;
}

/** Runs one command line and answers with the exit code; every error is told on stderr, in words. */
export async function main(argv: readonly string[], io: Io, table: readonly Command[] = commands): Promise<ExitCode> {
  let endpoint = DEFAULT_ENDPOINT;
  try {
    const parsed = parse(argv, table, io);
    if (parsed.kind === 'call') endpoint = parsed.call.endpoint;
    return await perform(parsed, table, io);
  } catch (error) {
    const { message, hint, exitCode } = toFailure(error, endpoint);
    io.stderr.write(`meshshift: ${message}\n${hint === undefined ? '' : `  ${hint}\n`}`);
    if (io.env['MESHSHIFT_DEBUG'] && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
    return exitCode;
  }
}
