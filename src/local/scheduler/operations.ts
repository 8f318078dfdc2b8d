import { createHash } from 'node:crypto';
import { AwsError } from '../server/aws-json.ts';
import { page } from './paging.ts';
import type { Scheduler } from './scheduler.ts';
import { parseInput, shapes, type ScheduleInput } from './shapes.ts';
import type { Schedule, ScheduleGroup, ScheduleStore } from './store.ts';
import { checkTarget } from './targets.ts';
import { firstRun, isOneTime, revisedRun } from './timing.ts';

type Input = Readonly<Record<string, unknown>>;
type Answer = Readonly<Record<string, unknown>>;
/** An operation: labels, query and body together → the body of the answer. */
export type Operation = (input: Input) => Answer | Promise<Answer>;

const START_TOLERANCE_MS = 300_000;
/** How long a ClientToken is remembered. */
const TOKEN_LIFE_MS = 86_400_000;

const invalid = (message: string): AwsError => new AwsError('ValidationException', message);
const conflict = (message: string): AwsError => new AwsError('ConflictException', message, { status: 409 });
const notFound = (message: string): AwsError => new AwsError('ResourceNotFoundException', message, { status: 404 });

const seconds = (epochMs: number): number => epochMs / 1000;
const dates = ({ createdAt, modifiedAt }: Schedule | ScheduleGroup): Answer => ({ CreationDate: seconds(createdAt), LastModificationDate: seconds(modifiedAt) });
const describeSchedule = (schedule: Schedule): Answer => ({ Arn: schedule.arn, ...schedule.input, ...dates(schedule) });
const describeGroup = (group: ScheduleGroup): Answer => ({ Name: group.name, Arn: group.arn, State: 'ACTIVE', ...dates(group) });
const summarise = (schedule: Schedule): Answer => {
  const { Name, GroupName, State, Target } = schedule.input;
  return { Arn: schedule.arn, Name, GroupName, State, Target: { Arn: Target.Arn }, ...dates(schedule) };
};

function findSchedule(store: ScheduleStore, group: string, name: string): Schedule {
  const schedule = store.schedule(group, name);
  if (schedule === undefined) throw notFound(`Schedule ${name} does not exist.`);
  return schedule;
}
function findGroup(store: ScheduleStore, name: string): ScheduleGroup {
  const group = store.group(name);
  if (group === undefined) throw notFound(`Schedule group ${name} does not exist.`);
  return group;
}

/** Dates of a recurrent schedule; one-time schedules ignore them. An update may keep those that have passed. */
function checkDates(input: ScheduleInput, before: ScheduleInput | undefined, now: number): void {
  const { StartDate: start, EndDate: end } = input;
  if (isOneTime(input)) return;
  if (start !== undefined && start !== before?.StartDate && start * 1000 < now - START_TOLERANCE_MS) throw invalid(`StartDate: ${start}: The StartDate you specify cannot be earlier than 5 minutes ago.`);
  if (end !== undefined && end !== before?.EndDate && end * 1000 <= now) throw invalid(`EndDate: ${end}: The EndDate you specify must be in the future.`);
  if (end !== undefined && start !== undefined && end <= start) throw invalid(`EndDate: ${end}: The EndDate you specify must be later than the StartDate, ${start}.`);
}

/** A schedule as a request defines it. @throws AwsError ValidationException */
function parseSchedule(input: Input): ScheduleInput {
  const parsed = parseInput(shapes.schedule, input);
  checkTarget(parsed.Target);
  return parsed;
}

function createSchedule({ options }: Scheduler, store: ScheduleStore, input: ScheduleInput): Answer {
  const { GroupName, Name } = input;
  const now = options.timers.now();
  checkDates(input, undefined, now);
  findGroup(store, GroupName);
  if (store.schedule(GroupName, Name) !== undefined) throw conflict(`Schedule ${Name} already exists.`);
  const arn = `arn:aws:scheduler:${options.region}:${options.accountId}:schedule/${GroupName}/${Name}`;
  store.putSchedule({ arn, input, createdAt: now, modifiedAt: now, next: firstRun(input, now, options.random) });
  return { ScheduleArn: arn };
}

/** Takes all members of the request: what it leaves out goes back to its default. */
function updateSchedule({ options }: Scheduler, store: ScheduleStore, input: ScheduleInput): Answer {
  const before = findSchedule(store, input.GroupName, input.Name);
  const now = options.timers.now();
  checkDates(input, before.input, now);
  const next = revisedRun({ input: before.input, next: before.next }, input, now, options.random);
  store.putSchedule({ ...before, input, modifiedAt: now, next });
  return { ScheduleArn: before.arn };
}

/** Runs a change once for its ClientToken: asked again, it is answered the same. */
async function once(scheduler: Scheduler, operation: string, input: Input, change: (store: ScheduleStore) => Answer): Promise<Answer> {
  const { ClientToken: inBody, clientToken: inQuery, ...rest } = input;
  const token = inBody ?? inQuery;
  if (token === undefined) return scheduler.change(change);
  if (typeof token !== 'string' || !/^[a-zA-Z0-9-_]{1,64}$/.test(token)) throw invalid('ClientToken: must have 1 to 64 letters, digits, - and _');
  const request = createHash('sha256').update(JSON.stringify([operation, rest])).digest('hex');
  return scheduler.change((store) => {
    const now = scheduler.options.timers.now();
    store.forgetAnswers(now - TOKEN_LIFE_MS);
    const answered = store.answered(token);
    if (answered !== undefined && answered.request !== request) throw conflict('ClientToken: was used for another request');
    const answer = answered?.answer ?? change(store);
    if (answered === undefined) store.keepAnswer(token, { request, answer }, now);
    return answer;
  });
}

/** Creates a schedule, or gives one that is there this definition; what does not change goes on undisturbed. @throws AwsError as the operations do. */
export async function putSchedule(scheduler: Scheduler, given: Input): Promise<void> {
  const input = parseSchedule(given);
  await scheduler.change((store) => {
    const before = store.schedule(input.GroupName, input.Name);
    if (before === undefined) createSchedule(scheduler, store, input);
    else if (JSON.stringify(before.input) !== JSON.stringify(input)) updateSchedule(scheduler, store, input);
  });
  scheduler.arm(input.GroupName, input.Name);
}

const tagsOf = (tags: readonly { readonly Key: string; readonly Value: string }[]): Record<string, string> => Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]));

/** Creates a group if it is not there. */
export function ensureGroup({ options }: Scheduler, store: ScheduleStore, name: string, tags: Readonly<Record<string, string>> = {}): ScheduleGroup {
  const now = options.timers.now();
  const group = store.group(name) ?? { name, arn: `arn:aws:scheduler:${options.region}:${options.accountId}:schedule-group/${name}`, createdAt: now, modifiedAt: now, tags };
  store.putGroup(group);
  return group;
}

function scheduleOperations(scheduler: Scheduler): Readonly<Record<string, Operation>> {
  const { store } = scheduler;
  const write = async (operation: string, given: Input, change: typeof createSchedule): Promise<Answer> => {
    const input = parseSchedule(given);
    const answer = await once(scheduler, operation, given, (within) => change(scheduler, within, input));
    scheduler.arm(input.GroupName, input.Name);
    return answer;
  };
  return {
    CreateSchedule: (given) => write('CreateSchedule', given, createSchedule),
    UpdateSchedule: (given) => write('UpdateSchedule', given, updateSchedule),
    GetSchedule: (given) => {
      const { Name, groupName } = parseInput(shapes.scheduleName, given);
      return describeSchedule(findSchedule(store, groupName, Name));
    },
    DeleteSchedule: async (given) => {
      const { Name, groupName } = parseInput(shapes.scheduleName, given);
      const answer = await once(scheduler, 'DeleteSchedule', given, (within) => {
        findSchedule(within, groupName, Name);
        within.removeSchedule(groupName, Name);
        return {};
      });
      scheduler.arm(groupName, Name);
      return answer;
    },
    ListSchedules: (given) => {
      const { ScheduleGroup: group, State, NamePrefix = '', MaxResults, NextToken } = parseInput(shapes.ListSchedules, given);
      if (group !== undefined) findGroup(store, group);
      const matches = ({ input }: Schedule): boolean => (group === undefined || input.GroupName === group) && input.Name.startsWith(NamePrefix) && (State === undefined || input.State === State);
      const found = page(store.schedules().filter(matches), ({ input }) => `${input.GroupName}/${input.Name}`, { question: ['ListSchedules', group, State, NamePrefix], MaxResults, NextToken });
      return { Schedules: found.items.map(summarise), ...found.next };
    },
  };
}

function groupOperations(scheduler: Scheduler): Readonly<Record<string, Operation>> {
  const { store } = scheduler;
  return {
    CreateScheduleGroup: (given) => {
      const { Name, Tags } = parseInput(shapes.CreateScheduleGroup, given);
      return once(scheduler, 'CreateScheduleGroup', given, (within) => {
        if (within.group(Name) !== undefined) throw conflict(`Schedule group ${Name} already exists.`);
        return { ScheduleGroupArn: ensureGroup(scheduler, within, Name, tagsOf(Tags)).arn };
      });
    },
    GetScheduleGroup: (given) => describeGroup(findGroup(store, parseInput(shapes.groupName, given).Name)),
    DeleteScheduleGroup: (given) => {
      const { Name } = parseInput(shapes.groupName, given);
      if (Name === 'default') throw invalid("Name: 'default': the default schedule group cannot be deleted");
      return once(scheduler, 'DeleteScheduleGroup', given, (within) => {
        findGroup(within, Name);
        within.removeGroup(Name);
        return {};
      });
    },
    ListScheduleGroups: (given) => {
      const { NamePrefix = '', MaxResults, NextToken } = parseInput(shapes.ListScheduleGroups, given);
      const groups = store.groups().filter(({ name }) => name.startsWith(NamePrefix));
      const found = page(groups, ({ name }) => name, { question: ['ListScheduleGroups', NamePrefix], MaxResults, NextToken });
      return { ScheduleGroups: found.items.map(describeGroup), ...found.next };
    },
  };
}

function tagOperations(scheduler: Scheduler): Readonly<Record<string, Operation>> {
  const nameOf = (arn: string): string => arn.slice(arn.indexOf('/') + 1);
  const change = (arn: string, revise: (tags: Readonly<Record<string, string>>) => Record<string, string>): Promise<Answer> =>
    scheduler.change((store) => {
      const group = findGroup(store, nameOf(arn));
      store.putGroup({ ...group, modifiedAt: scheduler.options.timers.now(), tags: revise(group.tags) });
      return {};
    });
  return {
    ListTagsForResource: (given) => {
      const { tags } = findGroup(scheduler.store, nameOf(parseInput(shapes.resource, given).ResourceArn));
      return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
    },
    TagResource: (given) => {
      const { ResourceArn, Tags } = parseInput(shapes.TagResource, given);
      return change(ResourceArn, (tags) => ({ ...tags, ...tagsOf(Tags) }));
    },
    UntagResource: (given) => {
      const { ResourceArn, TagKeys } = parseInput(shapes.UntagResource, given);
      return change(ResourceArn, (tags) => Object.fromEntries(Object.entries(tags).filter(([key]) => !TagKeys.includes(key))));
    },
  };
}

/** The 12 operations of EventBridge Scheduler by name. */
export const schedulerOperations = (scheduler: Scheduler): Readonly<Record<string, Operation>> => ({ ...scheduleOperations(scheduler), ...groupOperations(scheduler), ...tagOperations(scheduler) });
