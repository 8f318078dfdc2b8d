import * as z from 'zod/mini';
import { PHASES, type Rollout } from '../../contracts/rollout.ts';
import type { DocumentStore } from '../../store/port.ts';
import { ROLLOUTS } from '../record/keys.ts';
import { readHistory, toRecord, type RolloutRecord } from '../record/records.ts';
import { listQueued } from '../steps/queue.ts';
import { toListed } from './show.ts';

const time = z.pipe(z.string().check(z.refine((text) => !Number.isNaN(Date.parse(text)), 'must be a time such as 2026-01-31T09:00:00Z')), z.transform((text) => Date.parse(text)));

/**
 * What a list of rollouts may be narrowed to. `image` is a repository, a tag, both as `repository:tag`, or a digest; `since` is when they started;
 * `text` is looked for in ids, triggers, verdicts, and in everything of the history: what was done, by whom and why.
 */
export const rolloutFilter = z.strictObject({
  definition: z.optional(z.string()),
  group: z.optional(z.string()),
  phase: z.optional(z.enum(PHASES, `must be one of ${PHASES.join(', ')}`)),
  tag: z.optional(z.string()),
  image: z.optional(z.string()),
  since: z.optional(time),
  text: z.optional(z.string()),
});
type Filter = z.infer<typeof rolloutFilter>;

function matches({ definition, group, phase, tag, image, since = 0 }: Filter, record: RolloutRecord): boolean {
  const { repository, tag: ownTag, digest } = record.image;
  const pairs = [[definition, record.definition], [group, record.settings.lockstep], [phase, record.phase], [tag, ownTag]];
  const isNamed = pairs.every(([wanted, found]) => wanted === undefined || wanted === found);
  return isNamed && record.startedAt >= since && (image === undefined || [repository, ownTag, `${repository}:${ownTag}`, digest].includes(image));
}

/** Whether anything that is kept of a rollout says `text` (lower case). */
async function says(store: DocumentStore, record: RolloutRecord, text: string): Promise<boolean> {
  const has = (...said: readonly string[]): boolean => said.some((each) => each.toLowerCase().includes(text));
  if (has(record.id, record.trigger, record.reason, ...record.verdicts.map(({ reason }) => reason))) return true;
  return (await readHistory(store, record.id)).some(({ who, kind, reason }) => has(who, kind, reason));
}

const MOST = 100;
/** Histories that are read at a time. */
const AT_A_TIME = 25;

async function withText(store: DocumentStore, records: readonly RolloutRecord[], text: string): Promise<RolloutRecord[]> {
  const found: RolloutRecord[] = [];
  for (let start = 0; start < records.length && found.length < MOST; start += AT_A_TIME) {
    const some = records.slice(start, start + AT_A_TIME);
    const said = await Promise.all(some.map((record) => says(store, record, text)));
    found.push(...some.filter((_, index) => said[index]));
  }
  return found;
}

/** Those that have begun, and those that wait for their route. One that begins between the two reads is in both. */
async function readAll(store: DocumentStore): Promise<RolloutRecord[]> {
  const queued = (await listQueued(store)).map(({ id, record }) => [id, record] as const);
  const begun = (await store.query(ROLLOUTS)).map(({ sk, value }) => [sk, toRecord(value)] as const);
  return [...new Map([...queued, ...begun]).values()];
}

/** The newest rollouts that match first, at most 100, without history and measurements. */
export async function listRollouts(store: DocumentStore, filter: Filter = {}): Promise<Rollout[]> {
  const records = (await readAll(store))
    .filter((record) => matches(filter, record))
    .sort((a, b) => b.startedAt - a.startedAt || (a.id < b.id ? -1 : 1));
  const found = filter.text === undefined ? records : await withText(store, records, filter.text.toLowerCase());
  return found.slice(0, MOST).map(toListed);
}
