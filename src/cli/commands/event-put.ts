import { readFile } from 'node:fs/promises';
import * as z from 'zod/mini';
import { optionalText, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { parseInput } from '../../contracts/mistakes.ts';
import { readText } from '../../contracts/read-text.ts';
import { UsageError } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';
import { pushEvent, putEvent } from '../push.ts';

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

async function readEntry(call: Call): Promise<Entry> {
  const [file, repository, tag, digest] = ['file', 'repository', 'tag', 'digest'].map((name) => optionalText(call, name));
  const given = [repository, tag, digest].some((value) => value !== undefined);
  if (file !== undefined && !given) return readEvent(file);
  if (file === undefined && repository !== undefined && tag !== undefined) return pushEvent({ repository, tag, ...(digest === undefined ? {} : { digest }) });
  throw new UsageError('event put: needs either --repository NAME and --tag TAG, or --file FILE', '`meshshift event put --help` shows what there is');
}

async function run(call: Call): Promise<typeof EXIT.ok> {
  const entry = await readEntry(call);
  const id = await putEvent(await connect(call.endpoint, call.io.env).events(), entry);
  print(call, { id, source: entry.Source, detailType: entry.DetailType }, () => [`event ${id} put: ${String(entry.DetailType)} from ${String(entry.Source)}`]);
  return EXIT.ok;
}

export const eventPut: Command = {
  words: ['event', 'put'],
  about: 'put an event on the bus: an image push by default',
  remote: true,
  options: {
    repository: { type: 'string', value: 'NAME', about: 'the repository that an image was pushed to' },
    tag: { type: 'string', value: 'TAG', about: "the image's tag" },
    digest: { type: 'string', value: 'DIGEST', about: "the image's digest: two pushes of one digest are one rollout" },
    file: { type: 'string', short: 'f', value: 'FILE', about: 'instead of a push: a whole event { source, detail-type, detail }, YAML or JSON' },
  },
  details: 'The push comes from the source meshshift.sample: AWS lets nobody put events of its own services, and the rule takes both.',
  examples: ['meshshift event put --repository svc1 --tag v2', 'meshshift event put -f event.json'],
  run,
};
