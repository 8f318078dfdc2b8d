import { randomUUID } from 'node:crypto';
import type { Log } from '../../contracts/log.ts';
import type { DeployedFunction } from '../deployment/read-deployment.ts';
import type { Timers } from '../timers.ts';
import { Sandbox, type InvocationResult } from './sandbox.ts';

export interface LambdaHostOptions {
  readonly functions: readonly DeployedFunction[];
  /** Added to each function's own environment: the endpoint and what goes with it. Nothing of this process's environment is. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timers: Timers;
  readonly log: Log;
  /** How many threads one function may have at once; further invocations wait. Default 4. */
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
   * @throws FunctionNotFound
   */
  invoke(nameOrArn: string, payload: string): Promise<InvocationResult>;
  /** Starts a thread for a function that has none, ahead of its first invocation. Does nothing for one that is not deployed. */
  warmUp(nameOrArn: string): void;
  close(): Promise<void>;
}

/** The threads of one function. */
class Pool {
  readonly #idle: Sandbox[] = [];
  readonly #all = new Set<Sandbox>();
  readonly #waiting: (() => void)[] = [];
  readonly #create: () => Sandbox;
  readonly #concurrency: number;
  #closed = false;

  constructor(concurrency: number, create: () => Sandbox) {
    this.#concurrency = concurrency;
    this.#create = create;
  }

  async invoke(payload: string): Promise<InvocationResult> {
    const sandbox = await this.#acquire();
    try {
      return await sandbox.invoke(randomUUID(), payload);
    } finally {
      this.#release(sandbox);
    }
  }

  warmUp(): void {
    if (this.#closed || this.#all.size > 0) return;
    const sandbox = this.#add();
    sandbox.warmUp();
    this.#idle.push(sandbox);
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const wake of this.#waiting.splice(0)) wake();
    await Promise.all([...this.#all].map((sandbox) => sandbox.close()));
  }

  async #acquire(): Promise<Sandbox> {
    for (;;) {
      if (this.#closed) throw new Error('the Lambda host is closed');
      const idle = this.#idle.pop();
      if (idle?.alive === true) return idle;
      if (idle !== undefined) {
        this.#all.delete(idle);
        continue;
      }
      if (this.#all.size < this.#concurrency) return this.#add();
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  #add(): Sandbox {
    const sandbox = this.#create();
    this.#all.add(sandbox);
    return sandbox;
  }

  #release(sandbox: Sandbox): void {
    if (sandbox.alive) this.#idle.push(sandbox);
    else this.#all.delete(sandbox);
    this.#waiting.shift()?.();
  }
}

/** Beside this module once bundled, in dist/ when this is the source. */
const defaultWorkerFile = (): URL => new URL(import.meta.url.endsWith('.ts') ? '../../../dist/src/local/lambda/worker.mjs' : '../local/lambda/worker.mjs', import.meta.url);

/** Runs functions in worker threads of their own, started on first use and reused, with exactly their own environment plus `environment`. */
export function openLambdaHost({ functions, environment, timers, log, concurrency = 4, workerFile = defaultWorkerFile() }: LambdaHostOptions): LambdaHost {
  const pools = new Map<string, Pool>();
  for (const deployed of functions) {
    const create = (): Sandbox => new Sandbox({ workerFile, deployed, environment: { ...deployed.environment, ...environment }, timers, log });
    const pool = new Pool(concurrency, create);
    pools.set(deployed.name, pool);
    pools.set(deployed.arn, pool);
  }
  return {
    has: (nameOrArn) => pools.has(nameOrArn),
    arnOf: (nameOrArn) => {
      const found = functions.find(({ name, arn }) => name === nameOrArn || arn === nameOrArn);
      if (found === undefined) throw new FunctionNotFound(nameOrArn);
      return found.arn;
    },
    invoke: (nameOrArn, payload) => {
      const pool = pools.get(nameOrArn);
      return pool === undefined ? Promise.reject(new FunctionNotFound(nameOrArn)) : pool.invoke(payload);
    },
    warmUp: (nameOrArn) => pools.get(nameOrArn)?.warmUp(),
    close: async () => {
      await Promise.all([...new Set(pools.values())].map((pool) => pool.close()));
    },
  };
}
