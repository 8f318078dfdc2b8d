import { EXIT, type ExitCode } from './exit-codes.ts';

/** The command cannot do what was asked. The message says what, its value and the rule; `hint` says what to do next. */
export class CommandFailed extends Error {
  override readonly name: string = 'CommandFailed';
  readonly exitCode: ExitCode;
  readonly hint: string | undefined;
  constructor(message: string, options: { readonly exitCode: ExitCode; readonly hint?: string; readonly cause?: unknown }) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode;
    this.hint = options.hint;
  }
}

/** The command line is wrong. */
export class UsageError extends CommandFailed {
  override readonly name = 'UsageError';
  constructor(message: string, hint: string) {
    super(message, { exitCode: EXIT.usage, hint });
  }
}

/** Where the help of a command is, or, for no words, that of all of them. */
export const seeHelp = (words: string): string => `\`${words === '' ? 'meshshift' : `meshshift ${words}`} --help\` shows what there is`;

/** What is wrong in the command line of one command: `words` are the command's. */
export const misuse = (words: string, message: string): UsageError => new UsageError(`${words}: ${message}`, seeHelp(words));

/** Another side answered, and its answer was no. */
export class Refused extends CommandFailed {
  override readonly name = 'Refused';
  readonly status: number;
  constructor(message: string, status: number) {
    super(message, { exitCode: EXIT.refused });
    this.status = status;
  }
}
