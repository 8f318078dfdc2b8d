/** A workload did not come to serve. */
export class WorkloadFailed extends Error {
  override readonly name = 'WorkloadFailed';
}

/** The workloads file has no command for what was asked. */
export class WorkloadUnknown extends Error {
  override readonly name = 'WorkloadUnknown';
}
