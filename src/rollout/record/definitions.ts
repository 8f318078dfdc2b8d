import { toCanaryDefinition, type CanaryDefinition } from '../../contracts/canary-definition.ts';
import { InvalidInput } from '../../contracts/mistakes.ts';
import type { DocumentStore } from '../../store/port.ts';
import { NotFound } from '../errors.ts';
import { definitionKey, DEFINITIONS } from './keys.ts';
import { listHolders } from './lock.ts';
import { findRecord } from './records.ts';
import type { Ports } from '../ports.ts';

/** A rollout's record holds its definition and its route: together they must stay well under the 400 KB that an item of DynamoDB may have. */
const MOST_BYTES = 100_000;

/** The stored value is what its author wrote: defaults may come to mean something else, what was asked for does not. */
const parse = (value: unknown, name: string): CanaryDefinition => toCanaryDefinition(value, `canary ${name}`);

/** Every definition as its author wrote it, by name. */
export const listDefinitions = async (store: DocumentStore): Promise<unknown[]> => (await store.query(DEFINITIONS)).map(({ value }) => value);

/** @throws NotFound */
export async function readDefinitionSource(store: DocumentStore, name: string): Promise<unknown> {
  const document = await store.get(definitionKey(name));
  if (document === undefined) throw new NotFound(`there is no canary definition ${name}`);
  return document.value;
}

/** @throws NotFound */
export const readDefinition = async (store: DocumentStore, name: string): Promise<CanaryDefinition> => parse(await readDefinitionSource(store, name), name);

/** Every definition, parsed. */
export const readDefinitions = async (store: DocumentStore): Promise<CanaryDefinition[]> =>
  (await store.query(DEFINITIONS)).map(({ sk, value }) => parse(value, sk));

/** The schedule that a rollout of a definition under way is moved by: it goes on by it whatever becomes of the definition. */
async function scheduleInUse(store: DocumentStore, name: string): Promise<'advance' | undefined> {
  const holders = await Promise.all((await listHolders(store)).map((id) => findRecord(store, id)));
  return holders.some((record) => record?.definition === name && record.steps.some(({ until }) => until !== undefined)) ? 'advance' : undefined;
}

/**
 * Stores a definition under its name, in place of the one before; rollouts under way keep theirs.
 * Its schedules are then made what it says: asked again, it puts right what is not in step.
 * @throws InvalidInput for a definition that is not valid, or has another name. SchedulesNotInStep: it is stored; ask again.
 */
export async function writeDefinition({ store, schedules }: Pick<Ports, 'store' | 'schedules'>, name: string, source: unknown): Promise<void> {
  const definition = toCanaryDefinition(source, 'request body');
  const bytes = Buffer.byteLength(JSON.stringify(source));
  if (bytes > MOST_BYTES) throw new InvalidInput([{ file: 'request body', path: '', value: `${bytes} bytes`, rule: `must have at most ${MOST_BYTES} bytes as JSON` }]);
  if (definition.name !== name) throw new InvalidInput([{ file: 'request body', path: 'name', value: definition.name, rule: `must be ${name}, as in the path` }]);
  await store.write([{ kind: 'put', ...definitionKey(name), value: source }]);
  await schedules.apply(definition, await scheduleInUse(store, name));
}

/** Its schedules go first, so that none is left without a definition but the one that a rollout under way is moved by, which goes after its end. @throws NotFound. SchedulesNotInStep: nothing is deleted; ask again. */
export async function deleteDefinition({ store, schedules }: Pick<Ports, 'store' | 'schedules'>, name: string): Promise<void> {
  await readDefinitionSource(store, name);
  await schedules.remove(name, await scheduleInUse(store, name));
  await store.write([{ kind: 'delete', ...definitionKey(name) }]);
}
