import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Stands between functions and AWS: notes who asks for what, by the access key each signs with, and hands it on. */
export interface AwsRecorder {
  readonly url: string;
  /** IAM's actions, by function. */
  readonly made: ReadonlyMap<string, ReadonlySet<string>>;
  /** What was put to it without a signature, such as answers to CloudFormation. */
  readonly put: string[];
  stop(): Promise<void>;
}

export interface RecorderOptions {
  /** Where each service is, by the name that requests sign for; else `answer` says. */
  readonly services: Readonly<Record<string, string>>;
  readonly answer: (action: string, body: string) => string;
}

const SCHEDULER: Readonly<Record<string, string>> = { GET: 'GetSchedule', POST: 'CreateSchedule', PUT: 'UpdateSchedule', DELETE: 'DeleteSchedule' };
const PREFIX: Readonly<Record<string, string>> = { monitoring: 'cloudwatch' };

/** A transaction needs the right to each of its writes. */
const inTransaction = (body: string): string[] =>
  (JSON.parse(body) as { TransactItems: object[] }).TransactItems.flatMap((item) => Object.keys(item)).map((kind) => (kind === 'ConditionCheck' ? 'ConditionCheckItem' : `${kind}Item`));

/** Tasks of ECS and schedules take roles, which whoever makes them hands on. */
const HANDS_ON: ReadonlySet<string> = new Set(['ecs:RegisterTaskDefinition', 'scheduler:CreateSchedule', 'scheduler:UpdateSchedule']);

function operationsOf(service: string, { method = '', headers }: IncomingMessage, body: string): string[] {
  if (service === 'lambda') return ['InvokeFunction'];
  if (service === 'scheduler') return [SCHEDULER[method] ?? method];
  if (service === 'sns') return [new URLSearchParams(body).get('Action') ?? ''];
  const operation = String(headers['x-amz-target']).split('.').at(-1) ?? '';
  return operation === 'TransactWriteItems' ? inTransaction(body) : [operation];
}

/** What making something with tags takes besides. */
const tagging = (action: string, body: string): string[] =>
  /^(ecs|servicediscovery):(Create|Register)/.test(action) && /"[Tt]ags":\[\{/.test(body) ? [`${action.split(':')[0] ?? ''}:TagResource`] : [];

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

export async function openRecorder({ services, answer }: RecorderOptions): Promise<AwsRecorder> {
  const made = new Map<string, Set<string>>();
  const put: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await readAll(request);
      const [, key = '', service = ''] = /Credential=([^/]+)\/\d+\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '') ?? [];
      if (service === '') {
        put.push(body);
        response.end();
        return;
      }
      const actions = operationsOf(service, request, body).map((operation) => `${PREFIX[service] ?? service}:${operation}`);
      const all = actions.flatMap((action) => [action, ...(HANDS_ON.has(action) ? ['iam:PassRole'] : []), ...tagging(action, body)]);
      made.set(key, new Set([...(made.get(key) ?? []), ...all]));
      const to = services[service];
      if (to === undefined) {
        response.writeHead(200, { 'content-type': 'application/json' }).end(answer(actions[0] ?? '', body));
        return;
      }
      const { host: _host, connection: _connection, 'content-length': _length, expect: _expect, ...headers } = request.headers as Record<string, string>;
      const answered = await fetch(`${to}${request.url ?? '/'}`, { method: request.method ?? 'GET', headers, ...(body === '' ? {} : { body }) });
      const kept = [...answered.headers].filter(([name]) => name.startsWith('x-amz') || name === 'content-type');
      response.writeHead(answered.status, Object.fromEntries(kept)).end(await answered.text());
    })().catch((error: unknown) => response.writeHead(500).end(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    made,
    put,
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
