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

/** Another side answered, and its answer was no. */
export class Refused extends CommandFailed {
  override readonly name = 'Refused';
  readonly status: number;
  constructor(message: string, status: number) {
    super(message, { exitCode: EXIT.refused });
    this.status = status;
  }
}
