/** An error within an execution, by its States Language name; Retry and Catch match `error`. */
export class StatesError extends Error {
  override readonly name = 'StatesError';
  readonly error: string | undefined;
  readonly reason: string | undefined;
  /** The field whose evaluation failed: the history then has an EvaluationFailed event. */
  readonly location: string | undefined;
  /** A heartbeat that stayed away shows as States.Timeout, yet States.HeartbeatTimeout matches it too. */
  readonly alias: string | undefined;

  constructor(error: string | undefined, reason?: string, location?: string, alias?: string) {
    super(`${error ?? '(no error)'}: ${reason ?? ''}`);
    this.error = error;
    this.reason = reason;
    this.location = location;
    this.alias = alias;
  }
}

/** Errors that no wildcard matches. */
const TERMINAL = new Set(['States.Runtime', 'States.DataLimitExceeded']);

/**
 * Whether an ErrorEquals list matches an error, as Step Functions documents its wildcards: States.ALL all but
 * States.Runtime and States.DataLimitExceeded, States.TaskFailed also not States.Timeout; States.Runtime is never matched.
 */
export function matchesError(errorEquals: readonly string[], { error, alias }: Pick<StatesError, 'error' | 'alias'>): boolean {
  if (error === 'States.Runtime') return false;
  const isTerminal = error !== undefined && TERMINAL.has(error);
  return errorEquals.some((name) => {
    if (name === 'States.ALL') return !isTerminal;
    if (name === 'States.TaskFailed') return !isTerminal && error !== 'States.Timeout';
    return name === error || (alias !== undefined && name === alias);
  });
}
