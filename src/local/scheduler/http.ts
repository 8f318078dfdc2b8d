import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../../contracts/is-record.ts';
import type { Log } from '../../contracts/log.ts';
import { parseJson } from '../json.ts';
import { answerAsAws } from '../server/answer.ts';
import { AwsError } from '../server/aws-json.ts';
import { schedulerOperations, type Operation } from './operations.ts';
import type { Scheduler } from './scheduler.ts';

/** EventBridge Scheduler on the wire: REST JSON, told apart by path. */
export interface SchedulerApi {
  owns(path: string): boolean;
  handle(request: IncomingMessage, body: string, response: ServerResponse): Promise<void>;
}

/** Paths, the label that each has, and the operation of each method. */
const ROUTES: readonly { readonly path: RegExp; readonly label?: string; readonly methods: Readonly<Record<string, string>> }[] = [
  { path: /^\/schedules\/([^/]+)$/, label: 'Name', methods: { POST: 'CreateSchedule', GET: 'GetSchedule', PUT: 'UpdateSchedule', DELETE: 'DeleteSchedule' } },
  { path: /^\/schedules\/?$/, methods: { GET: 'ListSchedules' } },
  { path: /^\/schedule-groups\/([^/]+)$/, label: 'Name', methods: { POST: 'CreateScheduleGroup', GET: 'GetScheduleGroup', DELETE: 'DeleteScheduleGroup' } },
  { path: /^\/schedule-groups\/?$/, methods: { GET: 'ListScheduleGroups' } },
  // Other services' resources have tags under the same path.
  { path: /^\/tags\/(arn(?::|%3A)aws[a-z-]*(?::|%3A)scheduler(?::|%3A).+)$/i, label: 'ResourceArn', methods: { GET: 'ListTagsForResource', POST: 'TagResource', DELETE: 'UntagResource' } },
];

function decode(label: string): string {
  try {
    return decodeURIComponent(label);
  } catch (cause) {
    throw new AwsError('ValidationException', `the path segment '${label.slice(0, 100)}' is not valid percent-encoded UTF-8`, { cause });
  }
}

function readInput(url: URL, body: string, label: Readonly<Record<string, string>>): Record<string, unknown> {
  const members = body === '' ? {} : parseJson(body);
  if (!isRecord(members)) throw new AwsError('SerializationException', 'the request body must be a JSON object');
  const query = Object.fromEntries([...url.searchParams].map(([name, value]) => [name, name === 'TagKeys' ? url.searchParams.getAll(name) : value]));
  // null stands for a member that is not given.
  const given = Object.entries(members).filter(([, value]) => value !== null);
  return { ...query, ...Object.fromEntries(given), ...label };
}

async function perform(operations: Readonly<Record<string, Operation>>, request: IncomingMessage, body: string): Promise<Readonly<Record<string, unknown>>> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const route = ROUTES.find(({ path }) => path.test(url.pathname));
  const operation = operations[route?.methods[request.method ?? ''] ?? ''];
  if (route === undefined || operation === undefined) throw new AwsError('UnknownOperationException', `${request.method} ${url.pathname} is no operation of EventBridge Scheduler`, { status: 404 });
  const label = route.label === undefined ? {} : { [route.label]: decode(route.path.exec(url.pathname)?.[1] ?? '') };
  return operation(readInput(url, body, label));
}

const JSON_TYPE = 'application/json';

/** Serves a scheduler's API. An unforeseen error is answered as InternalServerException, without its details, and logged. */
export function openSchedulerApi(scheduler: Scheduler, log: Log): SchedulerApi {
  const operations = schedulerOperations(scheduler);
  return {
    owns: (path) => ROUTES.some((route) => route.path.test(path)),
    handle: async (request, body, response) => {
      try {
        answerAsAws(response, 200, JSON_TYPE, await perform(operations, request, body));
      } catch (error) {
        if (error instanceof AwsError) {
          answerAsAws(response, error.status, JSON_TYPE, { Message: error.message }, error.code);
          return;
        }
        log('error', 'a request failed', { service: 'scheduler', method: request.method, error: String(error) });
        answerAsAws(response, 500, JSON_TYPE, { Message: 'The request processing has failed because of an unknown error.' }, 'InternalServerException');
      }
    },
  };
}
