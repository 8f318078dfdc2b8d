import type { ExitCode } from './exit-codes.ts';

export interface Option {
  readonly type: 'string' | 'boolean';
  readonly short?: string;
  /** What stands for the value in the help: PORT, FILE. */
  readonly value?: string;
  readonly about: string;
  readonly default?: string;
  readonly required?: boolean;
  /** Whether it may be given several times. */
  readonly multiple?: boolean;
}

export interface Argument {
  readonly name: string;
  readonly about: string;
  readonly optional?: boolean;
}

/** Where a command writes; a stream knows whether it is a terminal. */
export interface Io {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborted when the person asks to end (Ctrl-C) or the process is told to. */
  readonly interrupted: AbortSignal;
}

/** One call of a command. Options have their defaults; required ones and arguments are there. */
export interface Call {
  readonly options: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly args: readonly string[];
  readonly endpoint: string;
  readonly json: boolean;
  readonly io: Io;
}

/** One row of the table that makes both the parser and the help. */
export interface Command {
  readonly words: readonly [string] | readonly [string, string];
  readonly about: string;
  readonly args?: readonly Argument[];
  readonly options?: Readonly<Record<string, Option>>;
  /** Whether it talks to an endpoint; then it takes --endpoint. */
  readonly remote: boolean;
  readonly examples: readonly string[];
  /** Longer explanation for the help of the command itself. */
  readonly details?: string;
  run(call: Call): Promise<ExitCode>;
}

/** The value of a string option that has a default or is required. */
export function text(call: Call, name: string): string {
  const value = call.options[name];
  if (typeof value !== 'string') throw new Error(`option ${name} has no value: give it a default or require it in the table`);
  return value;
}

export const optionalText = (call: Call, name: string): string | undefined => {
  const value = call.options[name];
  return typeof value === 'string' ? value : undefined;
};

/** The values of an option that may be given several times. */
export const texts = (call: Call, name: string): readonly string[] => {
  const value = call.options[name];
  return typeof value === 'string' ? [value] : Array.isArray(value) ? (value as readonly string[]) : [];
};

export const flag = (call: Call, name: string): boolean => call.options[name] === true;
