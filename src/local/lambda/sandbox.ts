import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Log } from '../../contracts/log.ts';
import type { DeployedFunction } from '../deployment/read-deployment.ts';
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

/** One worker thread of one function; serves one invocation at a time. */
export class Sandbox {
  readonly #worker: Worker;
  readonly #options: SandboxOptions;
  #settle: ((result: InvocationResult) => void) | undefined;
  #request: string | undefined;
  #alive = true;

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
    this.#worker.on('message', (answer: WorkerAnswer) => this.#answer(answer));
    this.#worker.on('error', (error) => this.#end(failure('Runtime.UnhandledException', this.#request ?? '', error.message)));
    this.#worker.on('exit', (code) => this.#end(failure('Runtime.ExitError', this.#request ?? '', `Runtime exited with exit status ${code}`)));
  }

  /** False once the thread has ended: it then serves nothing more. */
  get alive(): boolean {
    return this.#alive;
  }

  invoke(requestId: string, payload: string): Promise<InvocationResult> {
    const { timers, deployed } = this.#options;
    const timeoutMs = deployed.timeoutSeconds * 1000;
    const request: WorkerRequest = { requestId, payload, deadline: timers.now() + timeoutMs };
    return new Promise((resolve) => {
      const cancel = timers.after(timeoutMs, () => {
        this.#end(failure('Sandbox.Timedout', requestId, `Task timed out after ${deployed.timeoutSeconds.toFixed(2)} seconds`));
        void this.#worker.terminate();
      });
      this.#request = requestId;
      this.#settle = (result) => {
        cancel();
        this.#settle = undefined;
        resolve(result);
      };
      this.#worker.postMessage(request);
    });
  }

  /** Imports the handler now, so that the first invocation need not wait for it. */
  warmUp(): void {
    const message: WorkerWarmUp = { warmUp: true };
    this.#worker.postMessage(message);
  }

  async close(): Promise<void> {
    this.#end(failure('Runtime.ExitError', this.#request ?? '', 'the local runtime is stopping'));
    await this.#worker.terminate();
  }

  #answer(answer: WorkerAnswer): void {
    if (answer.requestId !== this.#request) return;
    this.#settle?.('error' in answer ? { error: answer.error } : { payload: answer.payload });
  }

  #end(result: InvocationResult): void {
    this.#alive = false;
    this.#settle?.(result);
  }
}
