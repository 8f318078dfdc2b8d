import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Log } from '../../contracts/log.ts';
import type { DeployedFunction } from '../deployment/types.ts';
import type { Timers } from '../timers.ts';
import type { FunctionError, WorkerAnswer, WorkerRequest, WorkerStart, WorkerWarmUp } from './protocol.ts';

/** What became of an invocation: the handler's answer as JSON text, or its error. */
export type InvocationResult = { readonly payload: string } | { readonly error: FunctionError };

export interface SandboxOptions {
  readonly workerFile: URL;
  readonly deployed: DeployedFunction;
  /** The worker's whole environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timers: Timers;
  readonly log: Log;
}

const failure = (errorType: string, requestId: string, message: string): InvocationResult => ({
  error: { errorType, errorMessage: `RequestId: ${requestId} Error: ${message}`, trace: [] },
});

/** One worker thread of one function; serves as many invocations at once as it is given. */
export class Sandbox {
  readonly #worker: Worker;
  readonly #options: SandboxOptions;
  /** Who waits for which request. */
  readonly #waiting = new Map<string, (result: InvocationResult) => void>();
  #alive = true;
  /** Resolves when the thread is gone. */
  readonly ended: Promise<void>;

  constructor(options: SandboxOptions) {
    const { deployed, log } = options;
    const start: WorkerStart = {
      module: pathToFileURL(deployed.module).href,
      exportName: deployed.exportName,
      functionName: deployed.name,
      functionArn: deployed.arn,
      memoryMiB: deployed.memoryMiB,
    };
    this.#options = options;
    this.#worker = new Worker(options.workerFile, {
      workerData: start,
      env: { ...options.environment },
      execArgv: [],
      stdout: true,
      stderr: true,
      resourceLimits: { maxOldGenerationSizeMb: deployed.memoryMiB },
    });
    for (const stream of [this.#worker.stdout, this.#worker.stderr]) {
      createInterface({ input: stream }).on('line', (line) => log('debug', line, { function: deployed.name }));
    }
    this.#worker.on('message', (answer: WorkerAnswer) => this.#waiting.get(answer.requestId)?.('error' in answer ? { error: answer.error } : { payload: answer.payload }));
    this.#worker.on('error', (error) => this.#endAll(this.#waiting.size > 1 ? 'Runtime.ExitError' : 'Runtime.UnhandledException', error.message));
    this.ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        this.#endAll('Runtime.ExitError', `Runtime exited with exit status ${code}`);
        resolve();
      });
    });
  }

  /** False once it serves nothing more: the thread has ended, or one of its invocations did not come to an end in time. */
  get alive(): boolean {
    return this.#alive;
  }

  invoke(requestId: string, payload: string): Promise<InvocationResult> {
    const { timers, deployed } = this.#options;
    const timeoutMs = deployed.timeoutSeconds * 1000;
    const request: WorkerRequest = { requestId, payload, deadline: timers.now() + timeoutMs };
    return new Promise((resolve) => {
      const cancel = timers.after(timeoutMs, () => {
        this.#alive = false;
        settle(failure('Sandbox.Timedout', requestId, `Task timed out after ${deployed.timeoutSeconds.toFixed(2)} seconds`));
      });
      const settle = (result: InvocationResult): void => {
        cancel();
        this.#waiting.delete(requestId);
        resolve(result);
        // What hangs is ended with its thread, once the others in it have had their time.
        if (!this.#alive && this.#waiting.size === 0) void this.#worker.terminate();
      };
      this.#waiting.set(requestId, settle);
      this.#worker.postMessage(request);
    });
  }

  /** Imports the handler now, so that the first invocation need not wait for it. */
  warmUp(): void {
    const message: WorkerWarmUp = { warmUp: true };
    this.#worker.postMessage(message);
  }

  async close(): Promise<void> {
    this.#endAll('Runtime.ExitError', 'the local runtime is stopping');
    await this.#worker.terminate();
  }

  /** The thread is gone, and with it all that it was at. Who waited for one of several did not cause it, most likely: Runtime.ExitError is tried again. */
  #endAll(errorType: string, message: string): void {
    this.#alive = false;
    for (const [requestId, settle] of [...this.#waiting]) settle(failure(errorType, requestId, message));
  }
}
