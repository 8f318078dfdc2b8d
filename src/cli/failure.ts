import { InvalidInput } from '../contracts/mistakes.ts';
import { connectionCode, unreachable } from './client.ts';
import { CommandFailed } from './errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

/** An error as the person sees it. */
export interface Failure {
  readonly exitCode: ExitCode;
  readonly message: string;
  readonly hint?: string;
}

const FILE_ERRORS: Readonly<Record<string, string>> = { ENOENT: 'there is no such file or folder', EACCES: 'it may not be read or written', EISDIR: 'it is a folder', ENOTDIR: 'it is not a folder' };

interface ServiceException extends Error {
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** What an error means to who typed the command, and the exit code for it. */
export function toFailure(error: unknown, endpoint: string): Failure {
  if (error instanceof CommandFailed) return { exitCode: error.exitCode, message: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
  if (error instanceof InvalidInput) return { exitCode: EXIT.failed, message: error.message, hint: 'correct the file, then try again; nothing was changed' };
  if (connectionCode(error) !== undefined) return toFailure(unreachable(endpoint, error), endpoint);
  if (!(error instanceof Error)) return { exitCode: EXIT.failed, message: String(error) };
  const { code, path } = error as NodeJS.ErrnoException;
  const rule = FILE_ERRORS[code ?? ''];
  if (rule !== undefined && path !== undefined) return { exitCode: EXIT.failed, message: `${path}: ${rule}` };
  if ((error as ServiceException).$metadata?.httpStatusCode !== undefined) return { exitCode: EXIT.refused, message: `${error.name}: ${error.message}` };
  return { exitCode: EXIT.failed, message: `${error.name}: ${error.message}` };
}
