import { jest } from '@jest/globals';
import { silent } from '../../src/contracts/log.ts';
import { parseGrants } from '../../src/controlplane/access/grants.ts';
import { seeded } from '../canary/random.ts';
import { ACCESS_KEYS, KEYS, requestFor, signer, TOKEN } from '../controlplane/access/signing.ts';
import { startTestControlPlane, type TestControlPlane } from '../support/control-plane.ts';
import { pick, type Random } from '../support/generate-spec.ts';
import { Connection } from './connection.ts';
import { message } from './probe.ts';

const RUNS = Number(process.env['MESHSHIFT_FUZZ_RUNS'] ?? 3_000) / 2;
const SEED = Number(process.env['MESHSHIFT_FUZZ_SEED'] ?? 1);

jest.setTimeout(30_000 + RUNS * 10);

const PATH = '/v20190125/meshes';
const ODD = ['', ' ', ',', '=', ';', '/', '\t', '0', '-1', '\u00ff', 'x'.repeat(2_000), '%', '%zz', '__proto__', 'constructor', 'AWS4-HMAC-SHA256', '20261127T000000Z', '99999999T999999Z', 'Bearer', 'MSADMIN', 'MSADMIN/1/2/3/4/5', 'host;host', 'Host', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'UNSIGNED-PAYLOAD'];
const SCHEMES = ['AWS4-HMAC-SHA256 ', 'AWS4-ECDSA-P256-SHA256 ', 'AWS3 ', 'Basic ', 'Bearer ', 'bearer  ', ''];

/** Text with a part of it taken out, doubled or replaced. */
function spoilText(random: Random, text: string): string {
  const [from, to] = [Math.floor(random() * text.length), Math.floor(random() * text.length)].sort((a, b) => a - b) as [number, number];
  const part = text.slice(from, to);
  return text.slice(0, from) + pick(random, ['', part + part, pick(random, ODD), part.toUpperCase(), `${part.slice(0, -1)}0`]) + text.slice(to);
}

type Signed = Readonly<Record<string, string>>;

/** Lines of headers of a request that was signed well, with one of them spoilt; or credentials of no kind. */
function oddHeaders(random: Random, signed: Signed): string[] {
  if (random() < 0.3) return [`authorization: ${pick(random, SCHEMES)}${pick(random, ODD)}${pick(random, ODD)}`];
  if (random() < 0.1) return [`authorization: Bearer ${spoilText(random, TOKEN)}`];
  const entries = Object.entries(signed).filter(([name]) => name !== 'host');
  const [at] = pick(random, entries);
  return entries.flatMap(([name, value]) => (name === at ? (random() < 0.2 ? [] : [`${name}: ${spoilText(random, value).replace(/[\r\n]/g, '')}`]) : [`${name}: ${value}`]));
}

/** A presigned query with a parameter of it spoilt. */
function oddQuery(random: Random, presigned: Signed): string {
  const entries = Object.entries(presigned);
  const [at] = pick(random, entries);
  const parts = entries.flatMap(([name, value]) => (name === at ? pick(random, [[], [`${name}=${pick(random, ODD)}`], [`${name}=${encodeURIComponent(value)}`, `${name}=1`], [name]]) : [`${name}=${encodeURIComponent(value)}`]));
  return `?${parts.join('&')}`.replaceAll(/[\t \u00ff]/g, '+');
}

/** Whether a header or parameter with just this value is in a message, but for spaces around its words. */
const isIn = (text: string, value: string): boolean => text.split(/\r\n|[?&]| HTTP\/1\.1/).some((part) => part.replace(/^[\w-]+[:=]\s*/, '').trim().replace(/[ \t]+/g, ' ') === value);

describe(`credentials that are none (seed ${SEED})`, () => {
  let plane: TestControlPlane;
  beforeAll(async () => {
    plane = await startTestControlPlane({ access: { grants: parseGrants(ACCESS_KEYS) }, log: (level, what, fields) => (level === 'error' ? faults.push(`${what} ${JSON.stringify(fields)}`) : silent(level, what)) });
  });
  afterAll(() => plane.dispose());
  const faults: string[] = [];

  test('are each refused with 403, its type and its reason', async () => {
    const random = seeded(SEED);
    const port = Number(new URL(plane.url).port);
    const { headers } = await signer(KEYS.admin).sign(requestFor(plane.url, { path: PATH }));
    const { query } = await signer(KEYS.admin).presign(requestFor(plane.url, { path: PATH }), { expiresIn: 60 });
    let connection = new Connection(port);
    for (let run = 0; run < RUNS && faults.length < 10; run++) {
      if (connection.closed) connection = new Connection(port);
      const host = `127.0.0.1:${port}`;
      const lines = random() < 0.7 ? oddHeaders(random, headers) : [];
      const bytes = message({ path: `${PATH}${lines.length === 0 ? oddQuery(random, query as Signed) : ''}`, headers: lines, host });
      const outcome = await connection.exchange(bytes);
      if (typeof outcome === 'string') {
        faults.push(`${outcome}: ${String(bytes)}`);
        continue;
      }
      // HTTP itself refuses a header with such characters; and what was spoilt may be as it was, but for spaces around a value.
      if (outcome.status === 400 && outcome.body.length === 0) continue;
      if (outcome.status === 200 && Object.values(lines.length === 0 ? query as Signed : headers).every((value) => isIn(lines.length === 0 ? decodeURIComponent(String(bytes)) : String(bytes), value))) continue;
      const { message: told } = JSON.parse(String(outcome.body) || '{}') as { message?: string };
      if (outcome.status !== 403 || !outcome.headers.get('x-amzn-errortype') || !told) faults.push(`${outcome.status} ${String(outcome.body)}: ${String(bytes)}`);
      for (const { secretAccessKey } of Object.values(KEYS)) if (String(outcome.body).includes(secretAccessKey)) faults.push(`a secret is told: ${String(outcome.body)}`);
    }
    connection.close();
    expect(faults).toEqual([]);
  });
});
