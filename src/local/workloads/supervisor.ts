import type { Log } from '../../contracts/log.ts';
import type { Timers } from '../timers.ts';
import type { Workload } from './desired.ts';
import type { Endpoints } from './endpoints.ts';
import { runProcess, type RunningProcess } from './run-process.ts';
import type { Command } from './workloads-file.ts';

const FIRST_DELAY_MS = 100;
const LONGEST_DELAY_MS = 5_000;
/** A process that served so long is not in a crash loop: its next restart waits the first delay again. */
const STEADY_MS = 10_000;

export interface SupervisorOptions {
  readonly workload: Workload;
  readonly command: Command;
  readonly endpoints: Endpoints;
  readonly timers: Timers;
  readonly log: Log;
  readonly readyWithinMs: number;
  readonly stopWithinMs: number;
}

export interface SupervisorState {
  readonly state: 'starting' | 'serving' | 'restarting' | 'stopped';
  readonly pid: number | null;
  readonly port: number | null;
  readonly restarts: number;
}

/** Keeps one version of one virtual node running and registered, from `start` or `restart` to `stop`. */
export class Supervisor {
  readonly workload: Workload;
  readonly #options: SupervisorOptions;
  readonly #log: Log;
  #state: SupervisorState['state'] = 'starting';
  #process: RunningProcess | undefined;
  #restarts = 0;
  #failures = 0;
  #servingSince = 0;
  #loop: Promise<void> = Promise.resolve();
  #cancelWait: () => void = () => undefined;

  constructor(options: SupervisorOptions) {
    this.workload = options.workload;
    this.#options = options;
    this.#log = (level, message, fields) => options.log(level, message, { ...options.workload, ...fields });
  }

  get status(): SupervisorState {
    return { state: this.#state, pid: this.#process?.pid ?? null, port: this.#process?.port ?? null, restarts: this.#restarts };
  }

  /**
   * Runs the command and registers where it serves.
   * @throws WorkloadFailed when it does not come to serve; nothing is left running then.
   */
  async start(): Promise<void> {
    try {
      await this.#serve();
    } catch (error) {
      await this.stop();
      throw error;
    }
    this.#loop = this.#keepServing();
  }

  /** As `start`, in the background and as often as it takes: what ran before this runtime started is to run again. */
  resume(): void {
    this.#loop = this.#keepServing();
  }

  /** Ends the process; its endpoint stays registered. */
  async stop(): Promise<void> {
    this.#state = 'stopped';
    this.#cancelWait();
    await this.#process?.stop();
    await this.#loop;
    this.#process = undefined;
  }

  #stopped(): boolean {
    return this.#state === 'stopped';
  }

  async #serve(): Promise<void> {
    const { workload, endpoints, command, readyWithinMs, stopWithinMs } = this.#options;
    const process = await runProcess({ command, log: this.#log, readyWithinMs, stopWithinMs });
    this.#process = process;
    // Stopped while it started.
    if (this.#stopped()) return process.stop();
    try {
      await endpoints.register(workload.mesh, workload.virtualNode, process.port);
    } catch (error) {
      await process.stop();
      this.#process = undefined;
      throw error;
    }
    this.#state = 'serving';
    this.#servingSince = this.#options.timers.now();
    this.#log('info', 'workload serves', { pid: process.pid, port: process.port });
  }

  /**
   * Restarts it whenever it ends. Its endpoint stays registered meanwhile: a version that keeps crashing must be seen to
   * fail by those who call it, and so by the judge.
   */
  async #keepServing(): Promise<void> {
    while (!this.#stopped()) {
      if (this.#process !== undefined) await this.#awaitEnd(this.#process);
      if (this.#stopped()) return;
      this.#state = 'restarting';
      try {
        await this.#serve();
      } catch (error) {
        this.#log('warn', 'workload does not start', { error: (error as Error).message });
        await this.#wait();
      }
    }
  }

  async #awaitEnd(process: RunningProcess): Promise<void> {
    const how = await process.ended;
    this.#process = undefined;
    if (this.#stopped()) return;
    this.#restarts += 1;
    this.#log('warn', 'workload ended and is restarted', { how, restarts: this.#restarts });
    if (this.#options.timers.now() - this.#servingSince >= STEADY_MS) this.#failures = 0;
    await this.#wait();
  }

  #wait(): Promise<void> {
    const delay = Math.min(FIRST_DELAY_MS * 2 ** this.#failures, LONGEST_DELAY_MS);
    this.#failures += 1;
    return new Promise((resolve) => {
      const cancel = this.#options.timers.after(delay, resolve);
      this.#cancelWait = () => {
        cancel();
        resolve();
      };
    });
  }
}
