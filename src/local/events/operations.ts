import type { IncomingMessage } from 'node:http';
import { isRecord } from '../../contracts/is-record.ts';
import { parseJson } from '../json.ts';
import { AwsError, type AwsJsonService, type Operations } from '../server/aws-json.ts';
import type { EventBus, NewEvent } from './event-bus.ts';
import { compilePattern, InvalidPattern } from './pattern.ts';
import type { Rule, Target } from './types.ts';

type Input = Readonly<Record<string, unknown>>;

/** With this request header, PutEvents takes `aws.*` sources: AWS's own services are not on this machine to send them. */
const LOCAL_SOURCE_HEADER = 'x-meshshift-local';

const MAX_ENTRIES = 10;
const MAX_PAGE = 100;
const MAX_ENTRY_BYTES = 256 * 1024;

const invalid = (message: string): AwsError => new AwsError('ValidationException', message);
const show = (value: unknown): string => (value === undefined ? 'missing' : JSON.stringify(value).slice(0, 200));
const notFound = (what: string): AwsError => new AwsError('ResourceNotFoundException', `${what} does not exist.`);

function requireText(input: Input, member: string): string {
  const value = input[member];
  if (typeof value === 'string' && value !== '') return value;
  throw invalid(`${member}: ${show(value)}: must be a text that is not empty`);
}

function requireList(input: Input, member: string): unknown[] {
  const value = input[member];
  if (Array.isArray(value) && value.length > 0) return value as unknown[];
  throw invalid(`${member}: ${show(value)}: must be a list that is not empty`);
}

function requireTexts(input: Input, member: string): string[] {
  const list = requireList(input, member);
  const other = list.find((entry) => typeof entry !== 'string');
  if (other !== undefined) throw invalid(`${member}: ${show(other)}: must be a text`);
  return list as string[];
}

/** A bus is given by name or by ARN. */
const busName = (value: unknown): string => (typeof value === 'string' && value !== '' ? value.slice(value.lastIndexOf('/') + 1) : 'default');

interface Refused extends Readonly<Record<string, string>> {
  readonly ErrorCode: string;
  readonly ErrorMessage: string;
}
type EntryResult = { readonly event: NewEvent } | { readonly refused: Refused };

const refuse = (ErrorCode: string, ErrorMessage: string): EntryResult => ({ refused: { ErrorCode, ErrorMessage } });

function checkEntry(entry: unknown, allowAws: boolean): EntryResult {
  if (!isRecord(entry)) return refuse('InvalidArgument', 'an entry must be an object');
  const { Source, DetailType, Detail, EventBusName, Resources, Time } = entry;
  if (typeof Source !== 'string' || Source === '') return refuse('InvalidArgument', 'Parameter Source is not valid. Reason: Source is a required argument.');
  if (typeof DetailType !== 'string' || DetailType === '') return refuse('InvalidArgument', 'Parameter DetailType is not valid. Reason: DetailType is a required argument.');
  if (typeof Detail !== 'string') return refuse('InvalidArgument', 'Parameter Detail is not valid. Reason: Detail is a required argument.');
  const detail = parseJson(Detail);
  if (!isRecord(detail)) return refuse('MalformedDetail', 'Detail is malformed.');
  if (!allowAws && Source.startsWith('aws.')) return refuse('NotAuthorizedForSourceException', 'Not authorized for the source.');
  if (typeof Time === 'number' && Number.isNaN(new Date(Time * 1000).getTime())) return refuse('InvalidArgument', 'Parameter Time is not valid. Reason: it is no time in epoch seconds.');
  const event: NewEvent = { bus: busName(EventBusName), source: Source, detailType: DetailType, detail };
  return {
    event: {
      ...event,
      ...(Array.isArray(Resources) ? { resources: Resources.filter((entry) => typeof entry === 'string') } : {}),
      ...(typeof Time === 'number' ? { time: Time * 1000 } : {}),
    },
  };
}

function checkSize(entries: readonly unknown[]): void {
  if (entries.length > MAX_ENTRIES) throw invalid(`Entries: ${entries.length} entries: must be at most ${MAX_ENTRIES}`);
  const bytes = entries.reduce<number>((sum, entry) => sum + Buffer.byteLength(JSON.stringify(entry)), 0);
  if (bytes > MAX_ENTRY_BYTES) throw invalid(`Entries: ${bytes} bytes: must be at most ${MAX_ENTRY_BYTES}`);
}

/** What PutEvents answers. */
export interface PutEventsResult {
  readonly FailedEntryCount: number;
  readonly Entries: readonly Readonly<Record<string, string>>[];
}

const allowsAws = ({ headers }: IncomingMessage): boolean => headers[LOCAL_SOURCE_HEADER] === 'allow-aws-source';

/**
 * PutEvents: each entry is taken or refused for itself.
 * @throws AwsError ValidationException for what is no list of 1 to 10 entries.
 */
export async function putEvents(bus: EventBus, input: Input, allowAws: boolean): Promise<PutEventsResult> {
  const entries = requireList(input, 'Entries');
  checkSize(entries);
  const buses = bus.store.buses();
  const results = entries.map((entry) => checkEntry(entry, allowAws));
  const events = results.flatMap((result) => ('event' in result && buses.includes(result.event.bus) ? [result.event] : []));
  const ids = await bus.accept(events);
  // As on AWS, an entry for a bus that is not there is taken and goes nowhere.
  const Entries = results.map((result) => {
    if ('refused' in result) return result.refused;
    return { EventId: (buses.includes(result.event.bus) ? ids.shift() : undefined) ?? crypto.randomUUID() };
  });
  return { FailedEntryCount: results.filter((result) => 'refused' in result).length, Entries };
}

function checkPattern(text: unknown): string {
  if (typeof text !== 'string') throw invalid('EventPattern: must be a JSON text: rules on a schedule belong to EventBridge Scheduler');
  const pattern = parseJson(text);
  try {
    compilePattern(pattern);
    return text;
  } catch (error) {
    if (!(error instanceof InvalidPattern)) throw error;
    throw new AwsError('InvalidEventPatternException', error.message, { cause: error });
  }
}

const describeRule = ({ name, arn, eventPattern, state, description, bus }: Rule): Record<string, unknown> => ({
  Name: name,
  Arn: arn,
  EventPattern: eventPattern,
  State: state,
  EventBusName: bus,
  ...(description === undefined ? {} : { Description: description }),
});

/** One page of a list; a token is the position to go on from. */
function page<T>(items: readonly T[], { Limit, NextToken }: Input): { items: T[]; NextToken?: string } {
  if (NextToken !== undefined && !(typeof NextToken === 'string' && /^\d{1,9}$/.test(NextToken))) throw invalid(`NextToken: ${show(NextToken)}: must be a token that this operation gave`);
  if (Limit !== undefined && !(Number.isInteger(Limit) && Number(Limit) >= 1 && Number(Limit) <= MAX_PAGE)) throw invalid(`Limit: ${show(Limit)}: must be a whole number from 1 to ${MAX_PAGE}`);
  const from = Number(NextToken ?? 0);
  const to = from + Number(Limit ?? MAX_PAGE);
  return { items: items.slice(from, to), ...(to < items.length ? { NextToken: String(to) } : {}) };
}

function ruleOperations(bus: EventBus, arnOf: (name: string) => string): Operations {
  const find = (input: Input, member = 'Name'): Rule => {
    const [name, on] = [requireText(input, member), busName(input['EventBusName'])];
    const rule = bus.store.rules().find((candidate) => candidate.name === name && candidate.bus === on);
    if (rule === undefined) throw notFound(`Rule ${name} on EventBus ${on}`);
    return rule;
  };
  const setState = async (input: Input, state: Rule['state']): Promise<void> => {
    const rule = find(input);
    await bus.change((store) => store.putRule({ ...rule, state }));
  };
  return {
    PutRule: async (input) => {
      const [name, on] = [requireText(input, 'Name'), busName(input['EventBusName'])];
      if (!bus.store.buses().includes(on)) throw notFound(`Event bus ${on}`);
      const { Description, State } = input;
      const arn = arnOf(on === 'default' ? `rule/${name}` : `rule/${on}/${name}`);
      const rule: Rule = {
        bus: on,
        name,
        arn,
        state: State === 'DISABLED' ? 'DISABLED' : 'ENABLED',
        eventPattern: checkPattern(input['EventPattern']),
        ...(typeof Description === 'string' ? { description: Description } : {}),
      };
      await bus.change((store) => store.putRule(rule));
      return { RuleArn: arn };
    },
    DescribeRule: (input) => describeRule(find(input)),
    ListRules: (input) => {
      const { NamePrefix, EventBusName } = input;
      const rules = bus.store.rules().filter((rule) => rule.bus === busName(EventBusName) && rule.name.startsWith(typeof NamePrefix === 'string' ? NamePrefix : ''));
      const { items, ...next } = page(rules, input);
      return { Rules: items.map(describeRule), ...next };
    },
    EnableRule: (input) => setState(input, 'ENABLED'),
    DisableRule: (input) => setState(input, 'DISABLED'),
    DeleteRule: async (input) => {
      const [name, on] = [requireText(input, 'Name'), busName(input['EventBusName'])];
      if (bus.store.targets(on, name).length > 0) throw invalid("Rule can't be deleted since it has targets.");
      await bus.change((store) => store.removeRule(on, name));
    },
    PutTargets: async (input) => {
      const rule = find(input, 'Rule');
      const targets = requireList(input, 'Targets').map((target) => {
        if (!isRecord(target)) throw invalid('Targets: each must be an object');
        requireText(target, 'Id');
        requireText(target, 'Arn');
        return target as unknown as Target;
      });
      await bus.change((store) => targets.forEach((target) => store.putTarget(rule.bus, rule.name, target)));
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    RemoveTargets: async (input) => {
      const rule = find(input, 'Rule');
      const ids = requireTexts(input, 'Ids');
      await bus.change((store) => ids.forEach((id) => store.removeTarget(rule.bus, rule.name, id)));
      return { FailedEntryCount: 0, FailedEntries: [] };
    },
    ListTargetsByRule: (input) => {
      const rule = find(input, 'Rule');
      const { items, ...next } = page(bus.store.targets(rule.bus, rule.name), input);
      return { Targets: items, ...next };
    },
  };
}

function busOperations(bus: EventBus, arnOf: (name: string) => string): Operations {
  const describe = (name: string): Record<string, unknown> => ({ Name: name, Arn: arnOf(`event-bus/${name}`) });
  return {
    CreateEventBus: async (input) => {
      const name = requireText(input, 'Name');
      if (!/^[\w.-]{1,256}$/.test(name)) throw invalid(`Name: ${JSON.stringify(name)}: must have 1 to 256 letters, digits, '.', '-' and '_'`);
      if (bus.store.buses().includes(name)) throw new AwsError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
      await bus.change((store) => store.addBus(name));
      return { EventBusArn: arnOf(`event-bus/${name}`) };
    },
    DescribeEventBus: (input) => {
      const name = busName(input['Name']);
      if (!bus.store.buses().includes(name)) throw notFound(`Event bus ${name}`);
      return describe(name);
    },
    ListEventBuses: (input) => {
      const { items, ...next } = page(bus.store.buses(), input);
      return { EventBuses: items.map(describe), ...next };
    },
    DeleteEventBus: async (input) => {
      const name = requireText(input, 'Name');
      if (name === 'default') throw invalid('Cannot delete event bus default.');
      if (bus.store.rules().some((rule) => rule.bus === name)) throw invalid(`Event bus ${name} can't be deleted since it has rules.`);
      await bus.change((store) => store.removeBus(name));
    },
  };
}

/** EventBridge's API over an event bus: events, rules, targets, buses and patterns. */
export function openEventsService(bus: EventBus, { region, accountId }: { region: string; accountId: string }): AwsJsonService {
  const arnOf = (name: string): string => `arn:aws:events:${region}:${accountId}:${name}`;
  return {
    targetPrefix: 'AWSEvents',
    version: '1.1',
    operations: {
      PutEvents: (input, request) => putEvents(bus, input, allowsAws(request)),
      TestEventPattern: (input) => {
        const event = parseJson(requireText(input, 'Event'));
        if (!isRecord(event)) throw invalid('Event: must be a JSON object');
        return { Result: compilePattern(JSON.parse(checkPattern(input['EventPattern'])))(event) };
      },
      ...ruleOperations(bus, arnOf),
      ...busOperations(bus, arnOf),
    },
  };
}
