import { SNSClient } from '@aws-sdk/client-sns';
import { toCanaryDefinition } from '../../src/contracts/canary-definition.ts';
import { rolloutEvent, type RolloutEventType } from '../../src/contracts/events.ts';
import { silent } from '../../src/contracts/log.ts';
import type { Channel } from '../../src/contracts/notifications.ts';
import { parseWebhooks } from '../../src/rollout/notify/webhooks.ts';
import { notify } from '../../src/rollout/notify/notify.ts';
import { openTopics } from '../../src/rollout/notify/sns.ts';
import { newRecord } from '../../src/rollout/record/new-record.ts';
import type { RolloutRecord } from '../../src/rollout/record/records.ts';
import { memoryStore } from '../canary/memory.ts';
import { loopback, type Asked } from '../metrics/loopback.ts';

const NOW = Date.UTC(2026, 0, 1);
const SECRET = 'T000/B000/s3cret';
const id = 'svc1-0123456789abcdef-1';
const definition = (notifications: unknown) =>
  toCanaryDefinition({ name: 'svc1', image: { repository: 'svc1' }, target: { mesh: 'm', virtualRouter: 'r', route: 'r' }, canary: { virtualNode: 'n{{tag}}' }, steps: [25, 50, 100], notifications });

interface Scene {
  readonly fields?: Partial<RolloutRecord>;
  readonly type?: RolloutEventType;
  readonly detail?: object;
}

/** Tells an event to channels whose webhooks all are one server, which answers as told. */
async function scene(notifications: readonly (Partial<Channel> & object)[], answer: (asked: Asked) => number, { fields = {}, type = 'Rollout Rolled Back', detail = {} }: Scene = {}) {
  const server = await loopback((asked, response) => {
    const status = answer(asked);
    response.writeHead(status, { 'content-type': 'text/xml' }).end(status === 200 ? '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult></PublishResponse>' : '<html>no</html>');
  });
  const closed = await loopback(() => undefined);
  await closed.close();
  const store = memoryStore();
  const settings = definition(notifications);
  const record = { ...newRecord({ id, executionArn: 'x', requestedAt: NOW, request: { definition: 'svc1', image: { tag: 'v3' }, trigger: 'image push (aws.ecr)' } }, settings, NOW), step: 0, steps: [25, 50, 100].map((weight) => ({ weight, bakeSeconds: 60 })), stable: 'n2', canary: 'nv3', ...fields };
  await store.write([{ kind: 'put', pk: 'rollout', sk: id, value: record }]);
  const steps = [{ step: 0, weight: 25, canary: { requests: 27, errors: 11 }, stable: { requests: 133, errors: 0 }, observedShare: 16.875 }];
  await store.write([{ kind: 'put', pk: `rollout#${id}`, sk: 'judge', value: { state: { steps } } }]);
  const client = new SNSClient({ endpoint: server.url, region: 'eu-central-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
  const lines: unknown[] = [];
  const ports = {
    store,
    clock: () => NOW,
    log: (...line: unknown[]) => void lines.push(line),
    webhooks: () => Promise.resolve(parseWebhooks(JSON.stringify({ releases: `${server.url}/slack/${SECRET}`, ops: `${server.url}/teams/${SECRET}`, gone: `${closed.url}/${SECRET}` }))),
    publishToTopic: openTopics(client, 'arn:aws:states:eu-central-1:111122223333:stateMachine:x'),
  };
  const event = rolloutEvent.parse({
    id: 'event-1',
    source: 'meshshift',
    'detail-type': type,
    detail: { id, definition: 'svc1', phase: record.phase, step: 0, weight: 25, reason: 'VerdictFailed: errors: worse', who: 'meshshift', ...detail },
  });
  return { server, lines, tell: () => notify(ports, event), bodies: () => server.asked.map(({ path, body }) => [path, path === '/' ? Object.fromEntries(new URLSearchParams(body)) : (JSON.parse(body) as object)] as const) };
}
const fine = () => 200;

test('Slack gets what, from which version to which, weight, figures, reason, and how to act', async () => {
  const { tell, bodies } = await scene([{ slack: 'releases' }], fine, { detail: { reason: 'errors <1 % & more>' } });
  expect(await tell()).toEqual({ told: ['slack releases'] });
  const [[path, body]] = bodies() as [[string, { text: string; blocks: { type: string }[] }]];
  expect(path).toBe(`/slack/${SECRET}`);
  expect(body.text).toBe('svc1 v3: rolled back: errors <1 % & more>');
  expect(body.blocks).toMatchObject([
    { type: 'header', text: { text: ':rotating_light: svc1 v3: rolled back' } },
    { type: 'section', text: { text: 'errors &lt;1 % &amp; more&gt;' } },
    {
      fields: [
        { text: '*Image*\nsvc1:v3' },
        { text: '*Versions*\nn2 → nv3' },
        { text: '*Weight*\n25 %, step 1 of 3' },
        { text: '*Figures*\ncanary 11 of 27 requests bad (40.7 %), stable 0 of 133 requests bad (0 %); 16.9 % of the requests went to the canary' },
        { text: '*By*\nimage push (aws.ecr)' },
      ],
    },
    { type: 'context', elements: [{ text: `To try it once more: \`meshshift rollout retry ${id}\`` }, { text: `To see it all: \`meshshift rollout status ${id}\`` }] },
  ]);
});

test('Teams gets an adaptive card, SNS a text with attributes to filter by', async () => {
  const { tell, bodies } = await scene([{ teams: 'ops' }, { sns: 'meshshift-releases' }], fine);
  expect(await tell()).toEqual({ told: ['teams ops', 'sns meshshift-releases'] });
  const posted = Object.fromEntries(bodies()) as Record<string, never>;
  expect(posted[`/teams/${SECRET}`]).toMatchObject({ type: 'message', attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: { type: 'AdaptiveCard', body: [{ text: 'svc1 v3: rolled back', color: 'Attention' }, { text: 'VerdictFailed: errors: worse' }, { type: 'FactSet' }, {}, {}] } }] });
  expect(posted['/']).toMatchObject({
    Action: 'Publish',
    TopicArn: 'arn:aws:sns:eu-central-1:111122223333:meshshift-releases',
    Subject: 'meshshift: svc1 v3: rolled back',
    Message: expect.stringMatching(/^svc1 v3: rolled back\nVerdictFailed: errors: worse\n\nImage: svc1:v3\n[^]*To try it once more: meshshift rollout retry /) as string,
    'MessageAttributes.entry.1.Name': 'type',
    'MessageAttributes.entry.1.Value.StringValue': 'Rollout Rolled Back',
  });
});

const approval = { for: 'approval' as const, raise: 'step' as const, since: NOW, until: null, reason: 'waits for approval: 0 of 2' };
test.each<[string, Scene, string[]]>([
  ['an approval to give', { type: 'Rollout Paused', fields: { phase: 'Progressing', waiting: approval } }, ['approve', 'abort', 'status']],
  ['a pause', { type: 'Rollout Paused', fields: { phase: 'Paused', paused: true } }, ['resume', 'abort', 'status']],
  ['an alarm from before', { type: 'Rollout Paused', fields: { phase: 'Progressing', waiting: { ...approval, for: 'alarm' } } }, ['advance', 'abort', 'status']],
  ['a start', { type: 'Rollout Started', fields: { phase: 'Pending' } }, ['abort', 'status']],
  ['a promotion', { type: 'Rollout Promoted', fields: { phase: 'Succeeded' } }, ['undo', 'status']],
  ['a failed roll-back', { type: 'Rollout Failed', fields: { phase: 'Failed' } }, ['retry', 'status']],
])('says how to act on %s', async (_, happening, verbs) => {
  const { tell, bodies } = await scene([{ sns: 'meshshift-releases' }], fine, happening);
  await tell();
  const { Message } = bodies()[0]![1] as { Message: string };
  expect([...Message.matchAll(/^To .*: meshshift rollout (\w+) /gm)].map(([, verb]) => verb)).toEqual(verbs);
});

test('only what the definition asks for is told', async () => {
  const { tell, server } = await scene([{ slack: 'releases', on: ['promoted'] }, { teams: 'ops', on: ['shifted', 'rolledBack'] }], fine);
  expect(await tell()).toEqual({ told: ['teams ops'] });
  expect(server.asked.map(({ path }) => path)).toEqual([`/teams/${SECRET}`]);
});

test('a channel that fails is tried again with the event, and those that were told are not told twice', async () => {
  let down = true;
  const { tell, server, lines } = await scene([{ slack: 'releases' }, { teams: 'ops' }, { sns: 'meshshift-releases' }, { slack: 'gone' }], ({ path }) => (down && path !== `/slack/${SECRET}` ? 503 : 200));
  const error = await tell().catch((thrown: unknown) => thrown as Error);
  expect(error).toMatchObject({ name: 'NotificationFailed', message: expect.stringMatching(/^teams ops: HTTP 503; sns meshshift-releases: [^]*; slack gone: ECONNREFUSED$/) as string });
  down = false;
  expect(await tell().catch((thrown: unknown) => (thrown as Error).message)).toBe('slack gone: ECONNREFUSED');
  expect(server.asked.map(({ path }) => path).sort()).toEqual(['/', '/', `/slack/${SECRET}`, `/teams/${SECRET}`, `/teams/${SECRET}`].sort());
  // URLs are secrets.
  expect(JSON.stringify([(error as Error).message, (error as Error).stack, lines])).not.toContain(SECRET);
});

test('a redirect, which could lead anywhere, is not followed; a webhook that is not there is told by its name', async () => {
  const server = await loopback((_, response) => response.writeHead(302, { location: 'http://127.0.0.1:9/' }).end());
  const store = memoryStore();
  const record = { ...newRecord({ id, executionArn: 'x', requestedAt: NOW, request: { definition: 'svc1', image: { tag: 'v3' } } }, definition([{ slack: 'moved' }, { teams: 'nowhere' }]), NOW) };
  await store.write([{ kind: 'put', pk: 'rollout', sk: id, value: record }]);
  const event = { id: 'e', source: 'meshshift', 'detail-type': 'Rollout Started', detail: { id, definition: 'svc1', phase: 'Pending', step: -1, weight: 0, reason: '', who: 'x' } } as const;
  const told = notify({ store, clock: () => NOW, log: silent, webhooks: () => Promise.resolve({ moved: server.url }), publishToTopic: () => Promise.resolve() }, event);
  await expect(told).rejects.toThrow(/^slack moved: \w+; teams nowhere: there is no webhook of this name in MESHSHIFT_WEBHOOKS$/);
});

test('a rollout that is not there is nobody to tell of', async () => {
  const event = { id: 'e', source: 'meshshift', 'detail-type': 'Rollout Failed', detail: { id: 'nothing', definition: 'svc1', phase: 'Failed', step: -1, weight: 0, reason: '', who: 'x' } } as const;
  expect(await notify({ store: memoryStore(), clock: () => NOW, log: silent, webhooks: () => Promise.reject(new Error('not asked')), publishToTopic: () => Promise.resolve() }, event)).toEqual({ told: [] });
});

test.each([
  ['{', 'webhooks: not valid JSON'],
  ['[]', 'webhooks: must be an object'],
  [JSON.stringify({ 'a b': 'https://hooks.example.com/s3cret' }), 'webhooks: a b: must be a name'],
  [JSON.stringify({ a: 'http://hooks.example.com/s3cret' }), 'webhooks: a: must be a name of letters, digits, - and _, with an https URL'],
  [JSON.stringify({ a: 's3cret' }), 'webhooks: a: must be'],
])('webhooks that cannot be used are told without their URLs: %s', (json, message) => {
  const error = (() => {
    try {
      return parseWebhooks(json);
    } catch (thrown) {
      return thrown as Error;
    }
  })();
  expect((error as Error).message).toContain(message);
  expect((error as Error).message).not.toContain('s3cret');
});
