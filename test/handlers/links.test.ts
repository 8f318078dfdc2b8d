import { openLinks } from '../../src/rollout/links/links.ts';
import { loopback } from '../metrics/loopback.ts';
import { definition, provision, routeOf, routeSpec } from './pgmesh.ts';
import { call, rolloutsOf } from './rollouts.ts';
import { openWorld, type World } from './world.ts';

const LINKS_URL = 'https://rollouts.example.com';

let world: World;
beforeEach(async () => {
  world = await openWorld();
});
afterEach(async () => {
  delete process.env['MESHSHIFT_LINKS_URL'];
  delete process.env['MESHSHIFT_WEBHOOKS'];
  await world.stop();
});

const { act, begin, ended, waitingFor, when } = rolloutsOf(() => world);

interface Page {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
const linkEvent = (link: string, method: string, body?: string) => ({
  rawPath: new URL(link).pathname,
  queryStringParameters: Object.fromEntries(new URL(link).searchParams),
  requestContext: { http: { method } },
  ...(body === undefined ? {} : { body: Buffer.from(body).toString('base64'), isBase64Encoded: true }),
});
const look = (link: string) => call('RolloutsApi', linkEvent(link, 'GET')) as Promise<Page>;
const send = (link: string, form: Record<string, string>) => call('RolloutsApi', linkEvent(link, 'POST', new URLSearchParams(form).toString())) as Promise<Page>;

/** A rollout that waits for its approval, and the links of the message that says so, by what they do. */
async function waiting({ fields = {}, links = ['approve', 'abort'], url = LINKS_URL }: { fields?: object; links?: readonly string[]; url?: string } = {}) {
  const chat = await loopback((_, response) => response.writeHead(200).end());
  Object.assign(process.env, { MESHSHIFT_LINKS_URL: url, MESHSHIFT_WEBHOOKS: JSON.stringify({ releases: chat.url }) });
  await provision(world, { steps: [25, 50], bake: '600s', approval: { before: [25, 50] }, notifications: [{ slack: 'releases', on: ['paused'], ...(links.length === 0 ? {} : { links }) }], ...fields });
  const id = await begin('v2');
  const tell = async (): Promise<Record<string, string>> => {
    await waitingFor(id, 'approval');
    const detail = world.events.findLast(({ type }) => type === 'Rollout Paused')!.detail;
    await call('Notify', { id: crypto.randomUUID(), source: 'meshshift', 'detail-type': 'Rollout Paused', detail });
    const { blocks } = JSON.parse(chat.asked.at(-1)!.body) as { blocks: { type: string; elements: { text: string }[] }[] };
    const told = blocks.find(({ type }) => type === 'context')!.elements.map(({ text }) => text);
    return Object.fromEntries(told.flatMap((text) => [...text.matchAll(/<(\S+)\|open this link> or `meshshift rollout (\w+)/g)].map(([, link = '', verb = '']) => [verb, link.replaceAll('&amp;', '&')])));
  };
  return { id, tell };
}

test('a link in a chat approves, in the name that its page asks for; it does so for that step alone', async () => {
  const { id, tell } = await waiting();
  const { approve, ...others } = await tell();
  expect(approve).toMatch(/^https:\/\/rollouts\.example\.com\/meshshift\/v1\/link\?token=[\w-]+\.[\w-]+$/);
  expect(Object.keys(others)).toEqual(['abort']);

  // Chats look at links by themselves.
  for (let time = 0; time < 2; time += 1) {
    expect(await look(approve!)).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store', 'referrer-policy': 'same-origin' },
      body: expect.stringMatching(/<h1>svc1 v2<\/h1>[^]*<p>To 25 %: waits for approval: 0 of 1[^]*<form method="post">[^]*<button>Approve<\/button>/) as string,
    });
  }
  expect(await send(approve!, { who: ' ' })).toMatchObject({ statusCode: 400, body: expect.stringContaining('Your name is missing') as string });
  expect((await world.rollout(id)).approvals).toEqual([]);

  expect(await send(approve!, { who: 'Ada <b>', reason: 'looks good' })).toMatchObject({ statusCode: 202, body: expect.stringContaining('in the name of Ada &lt;b&gt;') as string });
  await when(id, ({ step, bake }) => step === 0 && bake !== null, 'the first step');
  expect((await world.rollout(id)).history).toContainEqual(expect.objectContaining({ who: 'Ada <b>, by a link', kind: 'approve', reason: 'looks good' }));

  await act(id, 'advance');
  const next = await tell();
  expect(next['approve']).not.toBe(approve);
  for (const page of [await look(approve!), await send(approve!, { who: 'Ada' })]) expect(page).toMatchObject({ statusCode: 410, body: expect.stringContaining('What this link was to approve is over.') as string });
  expect((await world.rollout(id)).approvals).toEqual([]);

  expect(await send(next['abort']!, { who: 'Bob' })).toMatchObject({ statusCode: 202 });
  expect(await ended(id)).toMatchObject({ error: 'RolledBack' });
  expect(await routeOf(world)).toEqual(routeSpec);
  expect(await send(next['abort']!, { who: 'Bob' })).toMatchObject({ statusCode: 410, body: expect.stringContaining('The rollout is RolledBack.') as string });
});

test('where two people must agree no link approves, as it says nothing of who opens it', async () => {
  const { id, tell } = await waiting({ fields: { approval: { before: [25], quorum: 2 } } });
  expect(Object.keys(await tell())).toEqual(['abort']);
  await act(id, 'abort');
  await ended(id);
});

test('a link that was changed, is too old, or of another key, leads nowhere', async () => {
  const { id, tell } = await waiting();
  const { abort } = await tell();
  const [text = '', signature = ''] = new URL(abort!).searchParams.get('token')!.split('.');
  const forged = Buffer.from(Buffer.from(text, 'base64url').toString().replace('abort', 'retry')).toString('base64url');
  const old = openLinks(LINKS_URL, process.env['MESHSHIFT_TOKEN_KEY'])!.to({ id, action: 'abort', moment: '', expiresAt: Date.now() });
  const other = openLinks(LINKS_URL, Buffer.alloc(32, 8).toString('base64'))!.to({ id, action: 'abort', moment: '', expiresAt: Date.now() + 60_000 });
  const gone = openLinks(LINKS_URL, process.env['MESHSHIFT_TOKEN_KEY'])!.to({ id: 'gone', action: 'abort', moment: '', expiresAt: Date.now() + 60_000 });
  const links = [`${LINKS_URL}/meshshift/v1/link`, ...[`${forged}.${signature}`, `${text}.`, text, '.'].map((token) => `${LINKS_URL}/meshshift/v1/link?token=${token}`), old, other, gone];
  for (const link of links) for (const page of [await look(link), await send(link, { who: 'Eve' })]) expect(page).toMatchObject({ statusCode: 404, body: expect.stringContaining('This link leads nowhere') as string });
  expect((await world.rollout(id)).pendingAction).toBeNull();
  await act(id, 'abort');
  await ended(id);
});

test.each([
  ['a definition asks for none', { links: [] }],
  ['nobody said where people reach the API', { url: '' }],
])('there are no links where %s', async (_, options) => {
  const { id, tell } = await waiting(options);
  expect(await tell()).toEqual({});
  const link = openLinks(LINKS_URL, process.env['MESHSHIFT_TOKEN_KEY'])!.to({ id, action: 'abort', moment: '', expiresAt: Date.now() + 60_000 });
  if (process.env['MESHSHIFT_LINKS_URL'] === '') expect((await send(link, { who: 'Eve' })).statusCode).toBe(404);
  await act(id, 'abort');
  await ended(id);
});

test('a definition may ask for links of actions alone that there are', async () => {
  const { status, body } = await world.api('PUT', '/canaries/svcNode1', { ...definition, notifications: [{ slack: 'releases', links: ['approve', 'promote'] }] });
  expect({ status, body }).toMatchObject({ status: 400, body: { message: expect.stringContaining('notifications[0].links[1]: "promote": must be one of approve, resume, advance, abort, undo, retry') as string } });
});
