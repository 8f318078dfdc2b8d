import { createHash, randomUUID } from 'node:crypto';
import { openDueQueue, type DueQueue } from '../due-queue.ts';
import type { Json } from '../json.ts';
import type { Machine } from './asl/types.ts';
import { openDispatch, type Dispatch } from './dispatch.ts';
import { openEnds, type Ends } from './ends.ts';
import { isRunnable, newFrame, nextDue, tasksToDispatch, waitOfToken, type Frame } from './interpreter/frame.ts';
import type { StepContext } from './interpreter/run.ts';
import { abandon, step, type Signal, type Step } from './interpreter/step.ts';
import { createEvaluator, type Evaluator } from './jsonata/evaluate.ts';
import { openStatusChanges, statusDetail, type StatusChanges, type StatusChangesOptions } from './status-changes.ts';
import { openStore, type ExecutionRow, type Store } from './store.ts';
import type { TaskRunners } from './tasks/runner.ts';
import { mintToken, parseToken } from './tokens.ts';

export interface EngineOptions extends StatusChangesOptions {
  readonly region: string;
  readonly accountId: string;
  readonly runners: TaskRunners;
  readonly random?: () => number;
  readonly uuid?: () => string;
  /** Engines that share one read each expression once; by default an engine has its own, with its `random` and `uuid`. */
  readonly evaluator?: Evaluator;
}

export interface NewExecution {
  readonly arn: string;
  readonly machineArn: string;
  readonly name: string;
  readonly input: Json;
  /** Key of the definition in the store. */
  readonly definition: string;
  readonly roleArn: string;
}

interface Mail {
  readonly signal: Signal;
  readonly resolve: (accepted: boolean) => void;
  readonly reject: (error: unknown) => void;
}

/** An execution that is being worked on; it is dropped when its mail is read, so that waiting ones cost no memory. */
interface Actor {
  readonly mail: Mail[];
  frame?: Frame;
}

/** Ended executions are kept as long as Step Functions keeps them. */
const RETENTION_MS = 90 * 24 * 3600 * 1000;

/** How long a signal that could not be stored waits: a full disk, or a file another process holds. */
const RESEND_MS = 1000;

/** The key of a definition's text. */
export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Runs executions: each step is stored with its history in one commit, before anything of it is dispatched. */
export class Engine {
  readonly options: EngineOptions;
  readonly store: Store;
  readonly #evaluator: Evaluator;
  readonly #random: () => number;
  readonly #uuid: () => string;
  readonly #machines = new Map<string, Machine>();
  readonly #actors = new Map<number, Actor>();
  readonly #due: DueQueue<number>;
  readonly #dispatch: Dispatch;
  readonly #changes: StatusChanges;
  readonly #ends: Ends;
  #closed = false;

  constructor(options: EngineOptions) {
    this.options = options;
    this.#random = options.random ?? Math.random;
    this.#uuid = options.uuid ?? randomUUID;
    this.store = openStore(options.database.connection);
    this.#evaluator = options.evaluator ?? createEvaluator({ random: this.#random, uuid: this.#uuid });
    this.#due = openDueQueue<number>(options.timers, (id) => this.#send(id, { kind: 'timeReached' }));
    this.#dispatch = openDispatch(options.runners, options.log, (id, signal) => this.#send(id, signal));
    this.#changes = openStatusChanges(options, this.store);
    this.#ends = openEnds(this.store);
  }

  /** How many executions wait for a time. */
  get waiting(): number {
    return this.#due.size;
  }

  /** Whether something is being worked on, rather than waited for. */
  get busy(): boolean {
    return this.#actors.size > 0 || this.#dispatch.size > 0 || this.#changes.delivering;
  }

  /** Adds an execution; when this resolves, it is on disk and on its way. */
  async start({ input, ...execution }: NewExecution): Promise<void> {
    const { database, timers } = this.options;
    const startedAt = timers.now();
    const id = await database.commit(() => {
      const added = this.store.insert({ ...execution, startedAt, input: JSON.stringify(input) }, newFrame());
      this.#changes.record(statusDetail(this.#row(added), newFrame(), startedAt));
      return added;
    });
    this.#changes.deliver();
    this.#send(id, this.#startSignal(execution.definition));
  }

  /** Hands a signal to an execution; false when nothing waited for it. */
  signal(id: number, signal: Signal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const known = this.#actors.get(id);
      const actor = known ?? { mail: [] };
      actor.mail.push({ signal, resolve, reject });
      if (known !== undefined) return;
      this.#actors.set(id, actor);
      void this.#work(id, actor);
    });
  }

  /** Answers a task by its token: `unknown` for one that was never given out, `timedOut` when its task is over. */
  async answer(token: string, signal: (task: number) => Signal): Promise<'done' | 'timedOut' | 'unknown'> {
    const id = parseToken(token);
    if (id === undefined || this.store.execution(id) === undefined) return 'unknown';
    const frame = this.#actors.get(id)?.frame ?? this.store.frame(id);
    const wait = frame === undefined ? undefined : waitOfToken(frame, token);
    if (wait === undefined) return 'timedOut';
    return (await this.signal(id, signal(wait.task))) ? 'done' : 'timedOut';
  }

  /** Resolves when an execution has ended. */
  ended(arn: string, abort: AbortSignal): Promise<ExecutionRow> {
    return this.#ends.await(arn, abort);
  }

  /** Goes on with every execution that was running: tasks in flight are dispatched again, due times waited for. */
  recover(): void {
    this.store.expire(this.options.timers.now() - RETENTION_MS);
    for (const { id, frame } of this.store.running()) {
      const row = this.#row(id);
      if (frame.nextEvent === 1) this.#send(id, this.#startSignal(row.definition));
      else if (isRunnable(frame)) this.#send(id, { kind: 'continue' });
      this.#perform(row, { frame, commands: tasksToDispatch(frame).map((task) => ({ ...task, kind: 'run' })) });
    }
    this.#changes.deliver();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#due.close();
    this.#dispatch.close();
    await this.#changes.close();
    await this.options.database.flushed();
  }

  /** A signal that nobody awaits: when it cannot be stored, it is sent again until it can. */
  #send(id: number, signal: Signal): void {
    this.signal(id, signal).catch((error: unknown) => {
      if (this.#closed) return;
      this.options.log('error', 'an execution could not be advanced; it is tried again', { id, signal: signal.kind, error: String(error) });
      this.options.timers.after(RESEND_MS, () => {
        if (!this.#closed) this.#send(id, signal);
      });
    });
  }

  async #work(id: number, actor: Actor): Promise<void> {
    for (let mail = actor.mail.shift(); mail !== undefined; mail = actor.mail.shift()) {
      try {
        mail.resolve(!this.#closed && (await this.#advance(this.#row(id), actor, mail.signal)));
      } catch (error) {
        // What is on disk counts: the frame in memory may be ahead of it.
        delete actor.frame;
        mail.reject(error);
      }
    }
    this.#actors.delete(id);
  }

  async #advance(row: ExecutionRow, actor: Actor, signal: Signal): Promise<boolean> {
    const before = actor.frame ?? this.store.frame(row.id);
    if (before === undefined) return false;
    const context = this.#contextOf(row);
    const result = await step(before, signal, context).catch((error: unknown) => {
      this.options.log('error', 'the interpreter failed; the execution is ended', { execution: row.arn, signal: signal.kind, error: String(error) });
      return abandon(before, `The state machine could not be interpreted: ${String(error)}`, context);
    });
    const { frame, events } = result;
    const now = this.options.timers.now();
    await this.options.database.commit(() => {
      this.store.advance(row.id, frame, events, now);
      if (frame.status !== 'RUNNING') this.#changes.record(statusDetail(row, frame, now));
    });
    actor.frame = frame;
    this.#perform(row, result);
    if (isRunnable(frame)) this.#send(row.id, { kind: 'continue' });
    return result.accepted;
  }

  #perform(row: ExecutionRow, { frame, commands }: Pick<Step, 'frame' | 'commands'>): void {
    for (const command of commands) {
      if (command.kind === 'run') this.#dispatch.run(row, command);
      else this.#dispatch.cancel(row, command.task);
    }
    const at = nextDue(frame);
    if (at === undefined) this.#due.delete(row.id);
    else this.#due.set(row.id, at);
    if (frame.status === 'RUNNING') return;
    this.#ends.tell(row.arn);
    this.#changes.deliver();
  }

  #row(id: number): ExecutionRow {
    const row = this.store.execution(id);
    if (row === undefined) throw new Error(`execution ${id} is not in the store`);
    return row;
  }

  #startSignal(definition: string): Signal {
    const { TimeoutSeconds } = this.#machine(definition);
    return { kind: 'start', ...(TimeoutSeconds === undefined ? {} : { timeoutSeconds: TimeoutSeconds }) };
  }

  #machine(hash: string): Machine {
    const machine = this.#machines.get(hash) ?? (JSON.parse(this.store.definition(hash) ?? 'null') as Machine);
    this.#machines.set(hash, machine);
    return machine;
  }

  #contextOf(row: ExecutionRow): StepContext {
    return {
      now: this.options.timers.now(),
      machine: this.#machine(row.definition),
      execution: { arn: row.arn, name: row.name, input: JSON.parse(row.input) as Json, startedAt: row.startedAt, roleArn: row.roleArn },
      stateMachine: { arn: row.machineArn, name: row.machineArn.split(':').at(-1) ?? '' },
      region: this.options.region,
      evaluator: this.#evaluator,
      random: this.#random,
      uuid: this.#uuid,
      mintToken: (nonce) => mintToken(row.id, nonce),
    };
  }
}
