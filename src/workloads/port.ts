/** One version of a service, behind its virtual node. */
export interface Workload {
  readonly mesh: string;
  readonly virtualNode: string;
  /** The image's tag. */
  readonly tag: string;
}

/** Brings a new version up and takes one down; both may be asked again. */
export interface WorkloadDriver {
  /** Answers when the version serves. @throws WorkloadFailed */
  up(workload: Workload): Promise<void>;
  /** Answers when it is gone; one that never was is. @throws WorkloadFailed */
  down(workload: Omit<Workload, 'tag'>): Promise<void>;
}

/** The version could not be brought up or taken down. */
export class WorkloadFailed extends Error {
  override readonly name = 'WorkloadFailed';
}
