import { CommandFailed, misuse } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** The value of an option of a command (`words`). @throws UsageError */
export function toPort(words: string, option: string, value: string): number {
  if (/^\d{1,5}$/.test(value) && Number(value) <= 65_535) return Number(value);
  throw misuse(words, `--${option}: ${value}: must be a port from 0 to 65535; 0 takes a free one`);
}

/** Node says it in `code` and `port`, gRPC in words alone: `listen EADDRINUSE: address already in use 127.0.0.1:4681`. */
const NOT_LISTENING = /(EADDRINUSE|EACCES).*:(\d+)/;

/** What stopped something from listening, in the words of the command line. */
export function explainListening(error: unknown): unknown {
  const [, code, port] = NOT_LISTENING.exec(String(error)) ?? [];
  if (port === undefined) return error;
  const rule = code === 'EADDRINUSE' ? 'is in use' : 'may not be listened on by this user';
  return new CommandFailed(`port ${port}: ${rule}`, {
    exitCode: EXIT.failed,
    hint: 'is another meshshift running? Take other ports with --port and --xds-port; 0 takes a free one',
    cause: error,
  });
}
