import { randomUUID } from 'node:crypto';
import type { Log } from '../../contracts/log.ts';
import type { DeployedFunction } from '../deployment/types.ts';
import type { Timers } from '../timers.ts';
import { Sandbox, type InvocationResult } from './sandbox.ts';
import { openSlots, type Slots } from './slots.ts';

export interface LambdaHostOptions {
  readonly functions: readonly DeployedFunction[];
  /** Added to each function's own environment: the endpoint and what goes with it. Nothing of this process's environment is. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timers: Timers;
  readonly log: Log;
  /** How many invocations one function may have at once, all in its one thread; further ones wait. Default 20. */
  readonly concurrency?: number;
  readonly workerFile?: URL;
}

/** A function of that name or ARN is not deployed. */
export class FunctionNotFound extends Error {
  override readonly name = 'ResourceNotFoundException';
  constructor(name: string) {
    super(`Function not found: ${name}`);
  }
}

export interface LambdaHost {
  has(nameOrArn: string): boolean;
  /** @throws FunctionNotFound */
  arnOf(nameOrArn: string): string;
  /**
   * Invokes a function with a JSON text and waits for its answer; a handler's error is a result, not a rejection.
   * @param signal aborted when nobody waits for the answer any more: an invocation that has not begun then does not
   * @throws FunctionNotFound
   */
  invoke(nameOrArn: string, payload: string, signal?: AbortSignal): Promise<InvocationResult>;
  /** Starts a thread for a function that has none, ahead of its first invocation. Does nothing for one that is not deployed. */
  warmUp(nameOrArn: string): void;
  close(): Promise<void>;
}

/** A function and its thread: one for all invocations, as they mostly wait, and a thread of each would take the memory of a process. */
class Host {
  readonly #slots: Slots;
  readonly #create: () => Sandbox;
  #sandbox: Sandbox | undefined;
  /** Threads that serve nothing new: the last one once it is replaced. */
  readonly #leaving = new Set<Sandbox>();
  #closed = false;

  constructor(concurrency: number, create: () => Sandbox) {
    this.#slots = openSlots(concurrency);
    this.#create = create;
  }

  invoke(payload: string, signal: AbortSignal | undefined): Promise<InvocationResult> {
    return this.#slots.use(() => this.#alive().invoke(randomUUID(), payload), signal);
  }

  warmUp(): void {
    if (this.#closed || this.#sandbox !== undefined) return;
    this.#alive().warmUp();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#leaving, ...(this.#sandbox === undefined ? [] : [this.#sandbox])].map((sandbox) => sandbox.close()));
  }

  #alive(): Sandbox {
    if (this.#closed) throw new Error('the Lambda host is closed');
    const current = this.#sandbox;
    if (current?.alive === true) return current;
    if (current !== undefined) {
      this.#leaving.add(current);
      void current.ended.then(() => this.#leaving.delete(current));
    }
    this.#sandbox = this.#create();
    return this.#sandbox;
  }
}

/** Beside this module once bundled, in dist/ when this is the source. */
const defaultWorkerFile = (): URL => new URL(import.meta.url.endsWith('.ts') ? '../../../dist/src/local/lambda/worker.mjs' : '../local/lambda/worker.mjs', import.meta.url);

/** Runs each function in a worker thread of its own, started on first use and reused, with exactly its own environment plus `environment`. */
export function openLambdaHost({ functions, environment, timers, log, concurrency = 20, workerFile = defaultWorkerFile() }: LambdaHostOptions): LambdaHost {
  const hosts = new Map<string, Host>();
  for (const deployed of functions) {
    const host = new Host(concurrency, () => new Sandbox({ workerFile, deployed, environment: { ...deployed.environment, ...environment }, timers, log }));
    hosts.set(deployed.name, host);
    hosts.set(deployed.arn, host);
  }
  return {
    has: (nameOrArn) => hosts.has(nameOrArn),
    arnOf: (nameOrArn) => {
      const found = functions.find(({ name, arn }) => name === nameOrArn || arn === nameOrArn);
      if (found === undefined) throw new FunctionNotFound(nameOrArn);
      return found.arn;
    },
    invoke: (nameOrArn, payload, signal) => {
      const host = hosts.get(nameOrArn);
      return host === undefined ? Promise.reject(new FunctionNotFound(nameOrArn)) : host.invoke(payload, signal);
    },
    warmUp: (nameOrArn) => hosts.get(nameOrArn)?.warmUp(),
    close: async () => {
      await Promise.all([...new Set(hosts.values())].map((host) => host.close()));
    },
  };
}
