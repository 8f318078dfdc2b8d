import type { WorkloadSettings } from '../contracts/workload.ts';

/** A version of a service, behind its virtual node. */
export interface Version<S extends WorkloadSettings = WorkloadSettings> {
  readonly mesh: string;
  readonly virtualNode: string;
  /** The virtual node's host name; null where its definition gives none. */
  readonly hostname: string | null;
  /** The rollout that asks, and the name of its definition. */
  readonly rollout: string;
  readonly definition: string;
  readonly settings: S;
}

/** One that is to be brought up. */
export interface Workload<S extends WorkloadSettings = WorkloadSettings> extends Version<S> {
  readonly image: { readonly repository: string; readonly tag: string; readonly digest?: string };
  /** The virtual node that serves now. */
  readonly stable: string;
}

/** Brings a new version up and takes one down; both may be asked again. */
export interface WorkloadDriver<S extends WorkloadSettings = WorkloadSettings> {
  /** Answers when the version serves. @throws WorkloadFailed; WorkloadNotReady: ask again */
  up(workload: Workload<S>): Promise<void>;
  /** Answers when it is gone, or on its way; one that never was is. @throws WorkloadFailed */
  down(version: Version<S>): Promise<void>;
}

/** A driver for each type of workload. */
export interface WorkloadDrivers {
  readonly none: WorkloadDriver;
  readonly process: WorkloadDriver;
  readonly ecs: WorkloadDriver<Extract<WorkloadSettings, { type: 'ecs' }>>;
  readonly lambda: WorkloadDriver<Extract<WorkloadSettings, { type: 'lambda' }>>;
}

/** The version could not be brought up or taken down. */
export class WorkloadFailed extends Error {
  override readonly name = 'WorkloadFailed';
}

/** Retryable: the version is on its way. */
export class WorkloadNotReady extends Error {
  override readonly name = 'WorkloadNotReady';
}
