import { randomUUID } from 'node:crypto';
import { AwsError } from '../../server/aws-json.ts';
import { operation, seconds, type Operation } from './operation.ts';
import type { Problem } from '../asl/report.ts';
import { validateDefinition } from '../asl/validate.ts';
import { hashOf, type Engine } from '../engine.ts';
import type { StateMachineRow } from '../store.ts';
import { checkArn, checkName, stateMachineArn } from './arns.ts';
import { nextToken, pageSizeOf, positionOf } from './paging.ts';
import { shapes } from './shapes.ts';

const describe = ({ code, location, message }: Problem): string => `${code}: ${message} at ${location}`;

/** @throws AwsError InvalidDefinition, naming every mistake. */
export function checkDefinition(definition: string): void {
  const { problems } = validateDefinition(definition);
  if (problems.length > 0) throw new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${problems.map(describe).join(', ')}'`);
}

/** @throws AwsError StateMachineDoesNotExist. */
export function findMachine({ store }: Engine, arn: string): StateMachineRow {
  const row = store.machine(checkArn('stateMachine', arn));
  if (row === undefined) throw new AwsError('StateMachineDoesNotExist', `State Machine Does Not Exist: '${arn}'`);
  return row;
}

const settingsOf = (input: { loggingConfiguration?: unknown; tracingConfiguration?: unknown }): Record<string, unknown> => ({
  loggingConfiguration: input.loggingConfiguration ?? { level: 'OFF', includeExecutionData: false },
  tracingConfiguration: input.tracingConfiguration ?? { enabled: false },
});

const same = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other);

export interface NewStateMachine {
  readonly name: string;
  readonly definition: string;
  readonly roleArn: string;
  readonly tags?: readonly { readonly key: string; readonly value: string }[] | undefined;
  readonly loggingConfiguration?: unknown;
  readonly tracingConfiguration?: unknown;
}

/** Creates a state machine; the same request again answers the same, another one under the name is refused. */
export async function createStateMachine(engine: Engine, input: NewStateMachine): Promise<StateMachineRow> {
  const { store, options } = engine;
  checkDefinition(input.definition);
  const arn = stateMachineArn(options, checkName(input.name));
  const definition = hashOf(input.definition);
  const settings = settingsOf(input);
  return options.database.commit(() => {
    const existing = store.machine(arn);
    if (existing !== undefined) {
      if (existing.definition === definition && existing.roleArn === input.roleArn && same(existing.settings, settings)) return existing;
      throw new AwsError('StateMachineAlreadyExists', `State Machine Already Exists: '${arn}'`);
    }
    const now = options.timers.now();
    const tags = Object.fromEntries((input.tags ?? []).map(({ key, value }) => [key, value]));
    const row: StateMachineRow = { arn, name: input.name, roleArn: input.roleArn, definition, createdAt: now, updatedAt: now, revision: randomUUID(), tags, settings };
    store.putDefinition(definition, input.definition);
    store.putMachine(row);
    return row;
  });
}

export interface StateMachineChange {
  readonly definition?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly loggingConfiguration?: unknown;
  readonly tracingConfiguration?: unknown;
}

/** Updates a state machine; executions that run keep the definition they started with. */
export async function updateStateMachine(engine: Engine, arn: string, change: StateMachineChange): Promise<StateMachineRow> {
  const { store, options } = engine;
  if (change.definition !== undefined) checkDefinition(change.definition);
  return options.database.commit(() => {
    const before = findMachine(engine, arn);
    if (change.definition !== undefined) store.putDefinition(hashOf(change.definition), change.definition);
    const row: StateMachineRow = {
      ...before,
      definition: change.definition === undefined ? before.definition : hashOf(change.definition),
      roleArn: change.roleArn ?? before.roleArn,
      settings: { ...before.settings, ...settingsOf({ ...before.settings, ...change }) },
      updatedAt: options.timers.now(),
      revision: randomUUID(),
    };
    store.putMachine(row);
    return row;
  });
}

const shown = (engine: Engine, row: StateMachineRow): Record<string, unknown> => ({
  stateMachineArn: row.arn,
  name: row.name,
  status: 'ACTIVE',
  definition: engine.store.definition(row.definition),
  roleArn: row.roleArn,
  type: 'STANDARD',
  creationDate: seconds(row.createdAt),
  revisionId: row.revision,
  ...row.settings,
});

function list(engine: Engine, input: { maxResults?: number | undefined; nextToken?: string | undefined }): Record<string, unknown> {
  const question = 'ListStateMachines';
  const from = positionOf(question, input.nextToken, 0);
  const limit = pageSizeOf(input.maxResults);
  const all = engine.store.machines();
  const stateMachines = all.slice(from, from + limit).map(({ arn, name, createdAt }) => ({ stateMachineArn: arn, name, type: 'STANDARD', creationDate: seconds(createdAt) }));
  return { stateMachines, ...(from + limit < all.length ? { nextToken: nextToken(question, from + limit) } : {}) };
}

function refuseVersions(publish: boolean | undefined): void {
  if (publish === true) throw new AwsError('ValidationException', "The member 'publish' is not supported here: there are no versions");
}

const retag = (engine: Engine, arn: string, change: (tags: Record<string, string>) => Record<string, string>): Promise<void> =>
  engine.options.database.commit(() => {
    const row = engine.store.machine(arn);
    if (row === undefined) throw new AwsError('ResourceNotFound', `Resource not found: '${arn}'`, { members: { resourceName: arn } });
    engine.store.putMachine({ ...row, tags: change(row.tags) });
  });

/** The operations on state machines. */
export const stateMachineOperations = (engine: Engine): Readonly<Record<string, Operation>> => ({
  CreateStateMachine: operation(shapes.CreateStateMachine, async (input) => {
    refuseVersions(input.publish);
    if (input.type === 'EXPRESS') throw new AwsError('StateMachineTypeNotSupported', 'State machines of type EXPRESS are not supported here');
    const { arn, createdAt } = await createStateMachine(engine, input);
    return { stateMachineArn: arn, creationDate: seconds(createdAt) };
  }),
  UpdateStateMachine: operation(shapes.UpdateStateMachine, async ({ stateMachineArn: arn, publish, ...change }) => {
    refuseVersions(publish);
    findMachine(engine, arn);
    if (change.definition === undefined && change.roleArn === undefined && change.loggingConfiguration === undefined && change.tracingConfiguration === undefined) {
      throw new AwsError('MissingRequiredParameter', 'Either the definition, the role ARN, the LoggingConfiguration, or the TracingConfiguration must be specified');
    }
    const { updatedAt, revision } = await updateStateMachine(engine, arn, change);
    return { updateDate: seconds(updatedAt), revisionId: revision };
  }),
  DescribeStateMachine: operation(shapes.stateMachine, ({ stateMachineArn: arn }) => shown(engine, findMachine(engine, arn))),
  ListStateMachines: operation(shapes.list, (input) => list(engine, input)),
  // Deleting what is not there succeeds, as on AWS; running executions go on.
  DeleteStateMachine: operation(shapes.stateMachine, ({ stateMachineArn: arn }) => engine.options.database.commit(() => engine.store.deleteMachine(checkArn('stateMachine', arn)))),
  ValidateStateMachineDefinition: operation(shapes.ValidateStateMachineDefinition, ({ definition }) => {
    const diagnostics = validateDefinition(definition).problems.map((problem) => ({ severity: 'ERROR', ...problem }));
    return Promise.resolve({ result: diagnostics.length === 0 ? 'OK' : 'FAIL', diagnostics, truncated: false });
  }),
  TagResource: operation(shapes.TagResource, ({ resourceArn, tags }) => retag(engine, resourceArn, (before) => ({ ...before, ...Object.fromEntries(tags.map(({ key, value }) => [key, value])) }))),
  UntagResource: operation(shapes.UntagResource, ({ resourceArn, tagKeys }) =>
    retag(engine, resourceArn, (before) => Object.fromEntries(Object.entries(before).filter(([key]) => !tagKeys.includes(key)))),
  ),
  ListTagsForResource: operation(shapes.resource, ({ resourceArn }) => {
    const row = engine.store.machine(resourceArn);
    if (row === undefined) throw new AwsError('ResourceNotFound', `Resource not found: '${resourceArn}'`, { members: { resourceName: resourceArn } });
    return Promise.resolve({ tags: Object.entries(row.tags).map(([key, value]) => ({ key, value })) });
  }),
});
