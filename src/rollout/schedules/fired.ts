import { matchesGlob } from '../../canary/name-version.ts';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { ScheduleFired } from '../../contracts/events.ts';
import { endBake, type OpenBake } from '../bake/bakes.ts';
import { readDefinition } from '../record/definitions.ts';
import { NotFound } from '../errors.ts';
import { bakeKey } from '../record/keys.ts';
import { listHolders } from '../record/lock.ts';
import type { Ports } from '../ports.ts';
import { findRecord } from '../record/records.ts';
import { startRollout } from '../actions/start-rollout.ts';

/** What a time of a schedule did, in words, and to which rollout. */
export interface Fired {
  readonly effect: 'started' | 'advanced' | 'none';
  readonly reason: string;
  readonly id?: string;
}

const nothing = (reason: string): Fired => ({ effect: 'none', reason });

/** Starts a rollout of the newest image that the definition releases; one that was rolled out before, whatever came of it, is not again. */
async function startNewest(ports: Ports, definition: CanaryDefinition): Promise<Fired> {
  const { name, image, schedule } = definition;
  if (schedule === undefined) {
    await ports.schedules.apply(definition);
    return nothing(`${name} has no schedule to start by any more`);
  }
  const newest = await ports.images.newest(image.repository, (tag) => matchesGlob(image.tag, tag));
  if (newest === undefined) return nothing(`no image of ${image.repository} has a tag that matches ${image.tag}`);
  const { pushedAt: _pushedAt, ...released } = newest;
  const { id, started } = await startRollout(ports, { definition: name, image: released, trigger: `schedule ${schedule.start}` });
  return started ? { effect: 'started', reason: `${image.repository}:${newest.tag}`, id } : { ...nothing(`${image.repository}:${newest.tag} was rolled out before`), id };
}

/** Why a time of a schedule does not end a bake; undefined when it does. */
function whyNot(bake: OpenBake | undefined, at: number): string | undefined {
  if (bake === undefined) return 'no weight is baking at this moment';
  const { steps, step, promoted, paused, waiting } = bake.record;
  if (promoted || steps[step]?.until === undefined) return 'the step is not one that a schedule ends';
  if (paused) return 'it is paused';
  if (waiting !== null) return waiting.reason;
  // A time that is told twice must not move it by two steps.
  return bake.startedAt > at ? 'its weight began to bake after that time' : undefined;
}

/** Ends the bake of the definition's rollout under way, as if its time were over. */
async function advance(ports: Ports, definition: string, at: number): Promise<Fired> {
  for (const id of await listHolders(ports.store)) {
    if ((await findRecord(ports.store, id))?.definition !== definition) continue;
    const bake = (await ports.store.get(bakeKey(id)))?.value as OpenBake | undefined;
    const reason = whyNot(bake, at);
    if (reason !== undefined || bake === undefined) return { ...nothing(reason ?? ''), id };
    await endBake(ports.stepFunctions, ports.cipher, bake, { kind: 'end', by: 'schedule' });
    return { effect: 'advanced', reason: `step ${bake.record.step + 1} has had its time`, id };
  }
  // One that a rollout was moved by stays until its end, whatever its definition says meanwhile.
  const settings = await readDefinition(ports.store, definition);
  if (typeof settings.advance !== 'string') return nothing(`no rollout of ${definition} is under way`);
  await ports.schedules.apply(settings);
  return nothing(`${definition} has no schedule to advance by any more`);
}

/** What a definition wants when a time of its schedule comes. A schedule whose definition is gone is taken away. */
export async function fireSchedule(ports: Ports, { schedule, definition: name, at, run }: ScheduleFired): Promise<Fired> {
  let fired: Fired;
  try {
    fired = schedule === 'advance' ? await advance(ports, name, Date.parse(at)) : await startNewest(ports, await readDefinition(ports.store, name));
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    await ports.schedules.remove(name);
    fired = nothing(`${error.message}; its schedules are removed`);
  }
  ports.log('info', 'schedule fired', { schedule, definition: name, at, run, ...fired });
  return fired;
}
