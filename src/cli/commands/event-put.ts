import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { optionalText, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { ALARM_STATES } from '../../contracts/events.ts';
import { parseInput } from '../../contracts/mistakes.ts';
import { readText } from '../../contracts/read-text.ts';
import { misuse } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';
import { alarmEvent, pushEvent, putEvent } from '../push.ts';

const TEXT_RULE = 'must be a string that is not empty';
const filled = z.string(TEXT_RULE).check(z.minLength(1, TEXT_RULE));

/** An event as rules see it; what the bus itself adds (id, time, account) may stand there and is not sent. */
const eventFile = z.object({
  source: filled,
  'detail-type': filled,
  detail: z.record(z.string(), z.unknown(), 'must be an object'),
  resources: z.optional(z.array(z.string(), 'must be a list of strings')),
});

type Entry = ReturnType<typeof pushEvent>;

async function readEvent(file: string): Promise<Entry> {
  const { source, 'detail-type': type, detail, resources } = parseInput(eventFile, readText(await readFile(file, 'utf8'), file), file);
  return { Source: source, DetailType: type, Detail: JSON.stringify(detail), ...(resources === undefined ? {} : { Resources: resources }) };
}

function readPush({ repository, tag, digest }: Values): Entry {
  if (repository === undefined || tag === undefined) throw misuse('event put', 'a push needs --repository NAME and --tag TAG');
  return pushEvent({ repository, tag, ...(digest === undefined ? {} : { digest }) });
}

function readAlarm({ alarm = '', state = 'ALARM', reason = 'put by hand' }: Values): Entry {
  if (!ALARM_STATES.some((known) => known === state)) throw misuse('event put', `--state: ${state}: must be one of ${ALARM_STATES.join(', ')}`);
  return alarmEvent({ name: alarm, state, reason, at: Date.now() });
}

/** What can be put, by the option that says so, and the options that belong to it. */
const KINDS = {
  repository: { others: ['tag', 'digest'], read: readPush },
  alarm: { others: ['state', 'reason'], read: readAlarm },
  file: { others: [], read: ({ file = '' }: Values) => readEvent(file) },
} as const;
const NAMES = Object.entries(KINDS).flatMap(([name, { others }]) => [name, ...others]);
type Values = Readonly<Record<string, string | undefined>>;

async function readEntry(call: Call): Promise<Entry> {
  const values: Values = Object.fromEntries(NAMES.map((name) => [name, optionalText(call, name)]));
  const given = NAMES.filter((name) => values[name] !== undefined);
  const [kind, ...more] = Object.entries(KINDS).filter(([name]) => values[name] !== undefined);
  const strange = given.filter((name) => name !== kind?.[0] && !(kind?.[1].others as readonly string[] | undefined)?.includes(name));
  if (kind === undefined || more.length > 0 || strange.length > 0) throw misuse('event put', 'needs one of --repository NAME and --tag TAG, --alarm NAME, or --file FILE');
  return kind[1].read(values);
}

async function run(call: Call): Promise<typeof EXIT.ok> {
  const entry = await readEntry(call);
  const id = await putEvent(await connect(call.endpoint, call.io.env).events(), entry);
  print(call, { id, source: entry.Source, detailType: entry.DetailType }, () => [`event ${id} put: ${String(entry.DetailType)} from ${String(entry.Source)}`]);
  return EXIT.ok;
}

export const eventPut: Command = {
  words: ['event', 'put'],
  about: 'put an event on the bus: an image push, or the change of an alarm',
  remote: true,
  options: {
    repository: { type: 'string', value: 'NAME', about: 'the repository that an image was pushed to' },
    tag: { type: 'string', value: 'TAG', about: "the image's tag" },
    digest: { type: 'string', value: 'DIGEST', about: "the image's digest: two pushes of one digest are one rollout" },
    alarm: { type: 'string', value: 'NAME', about: 'instead of a push: the alarm that changed' },
    state: { type: 'string', value: 'STATE', about: 'its new state: OK, ALARM or INSUFFICIENT_DATA (default: ALARM)' },
    reason: { type: 'string', value: 'TEXT', about: 'what it says of it' },
    file: { type: 'string', short: 'f', value: 'FILE', about: 'instead of a push: a whole event { source, detail-type, detail }, YAML or JSON' },
  },
  details: 'Pushes and alarms come from the source meshshift.sample: AWS lets nobody put events of its own services, and the rules take both.',
  examples: ['meshshift event put --repository svc1 --tag v2', 'meshshift event put --alarm svc1-5xx --state ALARM', 'meshshift event put -f event.json'],
  run,
};
