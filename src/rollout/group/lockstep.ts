import type { Raise } from '../../canary/gate.ts';
import { findBehind, tellBehind, weightToPass, type Progress } from '../../canary/lockstep.ts';
import type { Phase, Waiting } from '../../contracts/rollout.ts';
import type { DocumentStore, Write } from '../../store/port.ts';
import { againAfter } from '../raise/again.ts';
import { endBake, type OpenBake } from '../bake/bakes.ts';
import { bakeKey, groupKey, groupPartition } from '../record/keys.ts';
import type { Ports } from '../ports.ts';
import { findRecord, type RolloutRecord } from '../record/records.ts';
import { weightOf } from '../bake/situations.ts';

/** A rollout of a group, with the weight that it holds. */
export type Member = RolloutRecord & Progress;

/** The write by which a rollout comes to its group: with the one that takes its route. */
export const joinGroup = ({ id, settings: { lockstep } }: RolloutRecord): Write[] => (lockstep === undefined ? [] : [{ kind: 'put', ...groupKey(lockstep, id), value: {} }]);

/** The write by which it leaves the group: with the one that gives its route free. */
export const leaveGroup = ({ id, settings: { lockstep } }: RolloutRecord): Write[] => (lockstep === undefined ? [] : [{ kind: 'delete', ...groupKey(lockstep, id) }]);

const GOES_UP: ReadonlySet<Phase> = new Set<Phase>(['Pending', 'Progressing', 'Paused', 'Promoting']);

/** One that gives way to a newer version is waited for as well: its successor takes its place. */
const counts = ({ phase, yieldsTo }: RolloutRecord): boolean => GOES_UP.has(phase) || (phase === 'RollingBack' && yieldsTo === 'successor');

/** The rollouts of a group that are under way. */
export async function listGroup(store: DocumentStore, group: string): Promise<Member[]> {
  const records = await Promise.all((await store.query(groupPartition(group))).map(({ sk }) => findRecord(store, sk)));
  return records.flatMap((record) => (record !== undefined && counts(record) ? [{ ...record, weight: weightOf(record) }] : []));
}

const others = (members: readonly Member[], id: string): Member[] => members.filter((member) => member.id !== id);

/** What a rise waits for as the group's other rollouts stand. */
export async function findLockstepWait({ store }: Pick<Ports, 'store'>, record: RolloutRecord, raise: Raise, now: number): Promise<Waiting | undefined> {
  const { lockstep: group } = record.settings;
  if (group === undefined) return undefined;
  const behind = findBehind(others(await listGroup(store, group), record.id), raise.weight);
  return behind === undefined ? undefined : againAfter(record, 'lockstep', raise, `waits for ${behind.id} of the group ${group}, which ${tellBehind(behind)}`, now);
}

type Engine = Pick<Ports, 'store' | 'stepFunctions' | 'cipher'>;

/** Ends the waits for others of the group that nobody keeps waiting any more. */
export async function wakeGroup({ store, stepFunctions, cipher }: Engine, group: string): Promise<void> {
  const members = await listGroup(store, group);
  for (const member of members) {
    if (member.waiting?.for !== 'lockstep' || findBehind(others(members, member.id), weightToPass(member)) !== undefined) continue;
    const bake = (await store.get(bakeKey(member.id)))?.value as OpenBake | undefined;
    if (bake?.record.waiting?.for === 'lockstep') await endBake(stepFunctions, cipher, bake, { kind: 'end', by: 'action' });
  }
}

/** A rollout that asks to rise has passed what it held: who waited for that goes on. A wait that could not be ended is over in time all the same. */
export async function tellPassed(ports: Engine & Pick<Ports, 'log'>, { id, settings: { lockstep: group } }: RolloutRecord): Promise<void> {
  if (group === undefined) return;
  await wakeGroup(ports, group).catch((error: unknown) => ports.log('warn', 'others of the group not told', { id, group, error: String(error) }));
}
