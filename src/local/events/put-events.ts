import { isRecord } from '../../contracts/is-record.ts';
import { parseJson } from '../json.ts';
import type { EventBus, NewEvent } from './event-bus.ts';
import { busName, invalid, requireList, type Input } from './inputs.ts';

const MAX_ENTRIES = 10;
const MAX_ENTRY_BYTES = 256 * 1024;

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
