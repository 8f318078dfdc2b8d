import { formatDuration } from '../../contracts/units.ts';
import { WorkloadFailed, WorkloadNotReady, type Version, type WorkloadDriver } from '../../workloads/port.ts';
import type { Ports } from '../ports.ts';
import { updateRecord, type RolloutRecord } from '../record/records.ts';
import { assertWanted } from '../record/wanted.ts';

const driverOf = ({ workloads }: Pick<Ports, 'workloads'>, { settings: { workload } }: RolloutRecord): WorkloadDriver => workloads[workload.type];

const versionOf = ({ id, definition, target: { mesh }, settings: { workload } }: RolloutRecord, virtualNode: string, hostname: string | null): Version => ({ mesh, virtualNode, hostname, rollout: id, definition, settings: workload });

/** A workload that is waited for is told of in the record, and is not waited for longer than its definition says, nor for a rollout that is given up meanwhile. */
async function noteWait(ports: Ports, { id, canary }: RolloutRecord, notReady: WorkloadNotReady): Promise<void> {
  const at = ports.clock();
  const record = await updateRecord(ports.store, id, (current) => ({
    record: { ...current, workloadSince: current.workloadSince ?? at, reason: notReady.message },
    history: current.workloadSince === undefined ? [{ at, who: 'meshshift', kind: 'waiting', reason: notReady.message }] : [],
  }));
  assertWanted(record);
  const { workload } = record.settings;
  const seconds = 'readyWithin' in workload ? workload.readyWithin : 0;
  if (at - (record.workloadSince ?? at) >= seconds * 1000) throw new WorkloadFailed(`${canary} does not serve within ${formatDuration(seconds)}: ${notReady.message}`, { cause: notReady });
}

/** Brings the canary's workload up. @throws WorkloadNotReady: ask again; WorkloadFailed, AlarmRaised, RolloutAborted: not */
export async function bringUp(ports: Ports, record: RolloutRecord): Promise<void> {
  const { image, stable, canary, hostname } = record;
  try {
    await driverOf(ports, record).up({ ...versionOf(record, canary, hostname), image, stable });
  } catch (error) {
    if (error instanceof WorkloadNotReady) await noteWait(ports, record, error);
    throw error;
  }
}

/** Takes the workload behind a virtual node down. @throws WorkloadFailed */
export const takeDown = (ports: Pick<Ports, 'workloads'>, record: RolloutRecord, virtualNode: string): Promise<void> =>
  driverOf(ports, record).down(versionOf(record, virtualNode, virtualNode === record.canary ? record.hostname : null));
