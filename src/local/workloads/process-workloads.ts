import type { Log } from '../../contracts/log.ts';
import { systemTimers, type Timers } from '../timers.ts';
import { openDesired, type Desired, type Workload } from './desired.ts';
import { openEndpoints, type Endpoints } from './endpoints.ts';
import { WorkloadUnknown } from './errors.ts';
import { Supervisor, type SupervisorState } from './supervisor.ts';
import { readWorkloadsFile, type WorkloadsFile } from './workloads-file.ts';

export interface WorkloadsOptions {
  /** The workloads file: the only source of commands. */
  readonly file: string;
  readonly dataFolder: string;
  readonly controlPlaneUrl: string;
  readonly log: Log;
  readonly timers?: Timers;
  /** How long a command may take until it serves. Default 15 s. */
  readonly readyWithinMs?: number;
  /** How long it may take to end once asked. Default 3 s. */
  readonly stopWithinMs?: number;
}

export type WorkloadStatus = Workload & SupervisorState;

const keyOf = ({ mesh, virtualNode }: Pick<Workload, 'mesh' | 'virtualNode'>): string => `${mesh}/${virtualNode}`;

/** The processes that run as versions of virtual nodes; one at a time for each node. */
export class WorkloadSet {
  readonly #options: WorkloadsOptions;
  readonly #file: WorkloadsFile;
  readonly #desired: Desired;
  readonly #endpoints: Endpoints;
  readonly #running = new Map<string, Supervisor>();
  /** Changes to one node follow each other. */
  readonly #queues = new Map<string, Promise<unknown>>();

  private constructor(options: WorkloadsOptions, file: WorkloadsFile, desired: Desired) {
    this.#options = options;
    this.#file = file;
    this.#desired = desired;
    this.#endpoints = openEndpoints(options.controlPlaneUrl);
  }

  /**
   * Reads the file and starts, in the background, what ran before.
   * @throws InvalidInput when the file is not a workloads file.
   */
  static async open(options: WorkloadsOptions): Promise<WorkloadSet> {
    const set = new WorkloadSet(options, await readWorkloadsFile(options.file), await openDesired(options.dataFolder));
    for (const workload of set.#desired.before) set.#resume(workload);
    return set;
  }

  list(): WorkloadStatus[] {
    return [...this.#running.values()].map(({ workload, status }) => ({ ...workload, ...status }));
  }

  /**
   * Runs `tag` as the virtual node and resolves when it serves and is registered; at once when it does already. Another tag of
   * the same node is replaced, and ends when the new one serves.
   * @throws WorkloadUnknown, WorkloadFailed; what ran before runs on then.
   */
  put(workload: Workload): Promise<WorkloadStatus> {
    return this.#inTurn(workload, async () => {
      const before = this.#running.get(keyOf(workload));
      if (before?.workload.tag === workload.tag && before.status.state === 'serving') return { ...workload, ...before.status };
      const next = this.#supervise(workload);
      if (before !== undefined) return this.#replace(before, next);
      await next.start();
      this.#running.set(keyOf(workload), next);
      await this.#save();
      return { ...workload, ...next.status };
    });
  }

  async #replace(before: Supervisor, next: Supervisor): Promise<WorkloadStatus> {
    const { workload } = next;
    const served = before.status.state === 'serving';
    // One that is about to restart would register over the new one.
    if (!served) await before.stop();
    try {
      await next.start();
    } catch (error) {
      if (!served) this.#resume(before.workload);
      throw error;
    }
    this.#running.set(keyOf(workload), next);
    await this.#save();
    await before.stop();
    // Had it crashed and come back meanwhile, its endpoint would stand.
    if (next.status.port !== null) await this.#endpoints.register(workload.mesh, workload.virtualNode, next.status.port);
    return { ...workload, ...next.status };
  }

  /** Takes the virtual node's endpoint away and ends its process; does nothing when none runs. */
  remove(node: Pick<Workload, 'mesh' | 'virtualNode'>): Promise<void> {
    return this.#inTurn(node, async () => {
      const supervisor = this.#running.get(keyOf(node));
      if (supervisor === undefined) return;
      await this.#endpoints.deregister(node.mesh, node.virtualNode);
      this.#running.delete(keyOf(node));
      await this.#save();
      await supervisor.stop();
    });
  }

  /** Ends every process; what is to run stays written down. */
  async close(): Promise<void> {
    await Promise.all([...this.#running.values()].map((supervisor) => supervisor.stop()));
  }

  #resume(workload: Workload): void {
    try {
      const supervisor = this.#supervise(workload);
      this.#running.set(keyOf(workload), supervisor);
      supervisor.resume();
    } catch (error) {
      if (!(error instanceof WorkloadUnknown)) throw error;
      this.#options.log('warn', 'workload ran before and is not in the file any more', { ...workload, file: this.#options.file });
    }
  }

  #supervise(workload: Workload): Supervisor {
    const { mesh, virtualNode, tag } = workload;
    const { file, log, timers = systemTimers, readyWithinMs = 15_000, stopWithinMs = 3_000 } = this.#options;
    const command = this.#file.find(mesh, virtualNode, tag);
    if (command === undefined) throw new WorkloadUnknown(`${file}: no entry fits virtual node ${virtualNode} of mesh ${mesh} with tag ${tag}; add one and restart with it`);
    return new Supervisor({ workload, command, endpoints: this.#endpoints, timers, log, readyWithinMs, stopWithinMs });
  }

  #save(): Promise<void> {
    return this.#desired.save([...this.#running.values()].map(({ workload }) => workload));
  }

  #inTurn<T>(node: Pick<Workload, 'mesh' | 'virtualNode'>, change: () => Promise<T>): Promise<T> {
    const turn = (this.#queues.get(keyOf(node)) ?? Promise.resolve()).then(change);
    this.#queues.set(keyOf(node), turn.catch(() => undefined));
    return turn;
  }
}
