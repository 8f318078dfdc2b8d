import { steer } from '../actions/steer.ts';
import { ActionRefused } from '../errors.ts';
import { listGroup, wakeGroup, type Member } from './lockstep.ts';
import type { Ports } from '../ports.ts';
import type { RolloutRecord } from '../record/records.ts';

/** What began after the other was given up, a fix perhaps, has nothing to do with it. */
const wasBeside = ({ givenUpAt = 0 }: RolloutRecord, { startedAt, phase, decision }: Member): boolean => startedAt <= givenUpAt && phase !== 'RollingBack' && decision?.action !== 'rollBack';

/** Too late to be aborted, it has come to its end. */
async function abort(ports: Ports, id: string, { id: cause, reason: why }: RolloutRecord, group: string): Promise<void> {
  await steer(ports, id, { action: 'abort', who: `group ${group}`, reason: `${cause} of the group ${group} is rolled back: ${why}` }, 'group').catch((error: unknown) => {
    if (!(error instanceof ActionRefused)) throw error;
  });
}

/**
 * What follows for the others of a group when one of it is rolled back or fails: those that were under way with it are aborted, saying which it was and why.
 * Not where a newer version takes its place, which the others wait for, nor where it is itself aborted for another one. Asked again it changes nothing.
 */
export async function breakGroup(ports: Ports, record: RolloutRecord): Promise<void> {
  const { lockstep: group } = record.settings;
  if (group === undefined || record.givenUpAt === undefined || record.undone !== null || record.yieldsTo === 'successor') return;
  const beside = record.yieldsTo === undefined ? (await listGroup(ports.store, group)).filter((member) => member.id !== record.id && wasBeside(record, member)) : [];
  // Whatever keeps one from being told, the others are.
  const told = await Promise.allSettled(beside.map(({ id }) => abort(ports, id, record, group)));
  const untold = told.find(({ status }) => status === 'rejected') as PromiseRejectedResult | undefined;
  if (untold !== undefined) throw untold.reason;
  // What began since need not wait for it any more.
  await wakeGroup(ports, group);
}
