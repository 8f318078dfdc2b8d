import { jest } from '@jest/globals';
import { seeded } from '../canary/random.ts';
import { eventually } from '../support/eventually.ts';
import { appMeshClient } from '../support/control-plane.ts';
import { appMeshProbe, buildWorld } from './app-mesh-probes.ts';
import { Connection, type Outcome, type Reply } from './connection.ts';
import { framingProbe } from './framing-probes.ts';
import type { Probe } from './probe.ts';
import { startRuntimeProcess, type Figures, type RuntimeProcess } from './runtime-process.ts';
import { serviceProbe } from './service-probes.ts';

/** How many requests are sent, and by which seed they are made; `npm run fuzz` sends 50,000. One alone, by its number: MESHSHIFT_FUZZ_ONLY. */
const RUNS = Number(process.env['MESHSHIFT_FUZZ_RUNS'] ?? 3_000);
const SEED = Number(process.env['MESHSHIFT_FUZZ_SEED'] ?? 1);
const ONLY = process.env['MESHSHIFT_FUZZ_ONLY'];

/** An error quotes what is wrong, not all that was sent. */
const MOST_ERROR_BYTES = 64 * 1024;
const LANES = 8;
const MOST_OWN_SOCKETS = 40;
/** What a heap may differ by from one look to the next: code that is compiled, maps that grow in steps. */
const SLACK_BYTES = 6 * 1024 * 1024;

jest.setTimeout(120_000 + RUNS * 40);

/** Each request has a seed of its own, so that one can be sent again alone. */
function probeOf(index: number): Probe {
  const random = seeded(SEED * 1_000_003 + index);
  const which = random();
  return which < 0.55 ? appMeshProbe(random) : which < 0.85 ? serviceProbe(random) : framingProbe(random);
}

function messageOf({ headers, body }: Reply): unknown {
  if (headers.get('content-type') === 'text/xml') return /<Message>([^<>]+)<\/Message>/.exec(body.toString())?.[1];
  try {
    const { message, Message } = JSON.parse(body.toString()) as Record<string, unknown>;
    return message ?? Message;
  } catch {
    return undefined;
  }
}

/** What is wrong with an answer, or undefined. */
function faultOf({ manner, end, toHead = false }: Probe, outcome: Outcome): string | undefined {
  if (outcome === 'silent') return 'it is not answered';
  if (outcome === 'closed') return end === 'answered' ? 'the connection ends without an answer' : undefined;
  const { status, headers, body } = outcome;
  if (!(status >= 200 && status < 500)) return `status ${status}: ${body.toString().slice(0, 300)}`;
  if (/\.(?:ts|mjs|js):\d+:\d+/.test(body.toString())) return `it tells its stack: ${body.toString().slice(0, 300)}`;
  if (status >= 400 && body.length > MOST_ERROR_BYTES) return `status ${status} with ${body.length} bytes: ${body.toString().slice(0, 300)}`;
  if (status < 400 || toHead || manner === 'http') return undefined;
  const told = messageOf(outcome);
  if (typeof told !== 'string' || told === '') return `status ${status} without a message: ${body.toString().slice(0, 300)}`;
  if (manner === 'app-mesh' && status !== 403 && ((headers.get('x-amzn-errortype') ?? '') === '' || (headers.get('x-amzn-requestid') ?? '') === '')) return `status ${status} without its type or request id: ${[...headers].join('; ')}`;
  return undefined;
}

describe(`the one port, under malformed requests (seed ${SEED}, ${RUNS} of them)`, () => {
  let runtime: RuntimeProcess;
  beforeAll(async () => {
    runtime = await startRuntimeProcess();
    const client = appMeshClient(`http://127.0.0.1:${runtime.port}`);
    await buildWorld(client);
    client.destroy();
  });
  afterAll(() => runtime.stop());

  const faults: string[] = [];
  const statuses = new Map<string, number>();

  async function send(index: number, lane: { connection: Connection }): Promise<void> {
    const probe = probeOf(index);
    // What may end the connection does not take others with it.
    const alone = probe.end !== 'answered';
    if (!alone && lane.connection.closed) lane.connection = new Connection(runtime.port);
    const connection = alone ? new Connection(runtime.port) : lane.connection;
    if (probe.end === 'abandoned') {
      await connection.abandon(probe.bytes);
      return;
    }
    const outcome = await connection.exchange(probe.bytes, { toHead: probe.toHead ?? false, finish: alone });
    // An answer that comes too late must not be taken for the next one's.
    if (alone || outcome === 'silent') connection.close();
    const key = typeof outcome === 'string' ? outcome : String(outcome.status);
    statuses.set(key, (statuses.get(key) ?? 0) + 1);
    const fault = faultOf(probe, outcome);
    if (fault !== undefined) faults.push(`request ${index}: ${probe.what}\n  ${fault}`);
  }

  /** Sends a part of them over a few connections, each request after the answer to the one before. */
  async function sendAll(from: number, to: number): Promise<void> {
    let next = from;
    const run = async (): Promise<void> => {
      const lane = { connection: new Connection(runtime.port) };
      while (next < to && faults.length < 20 && runtime.alive()) await send(next++, lane);
      lane.connection.close();
    };
    await Promise.all(Array.from({ length: LANES }, run));
  }

  /** What is held once the connections of this test are gone: functions that ran keep some of their own for a while. */
  const settled = (): Promise<Figures> =>
    eventually(async () => {
      const figures = await runtime.figures();
      return (figures.resources['TCPSocketWrap'] ?? 0) <= MOST_OWN_SOCKETS ? figures : undefined;
    }, 'the connections are gone', 30_000);

  if (ONLY !== undefined) {
    test(`request ${ONLY} alone`, async () => {
      console.log(String(probeOf(Number(ONLY)).bytes.subarray(0, 4_000)));
      await sendAll(Number(ONLY), Number(ONLY) + 1);
      expect({ faults, stderr: runtime.stderr() }).toEqual({ faults: [], stderr: '' });
    });
    return;
  }

  test('each is answered or refused with its reason; nothing fails, ends or grows', async () => {
    const started = performance.now();
    const looks: Figures[] = [];
    for (let part = 0; part < 4; part++) {
      await sendAll(Math.floor((RUNS * part) / 4), Math.floor((RUNS * (part + 1)) / 4));
      expect({ faults, alive: runtime.alive(), stderr: runtime.stderr().slice(-4_000) }).toEqual({ faults: [], alive: true, stderr: '' });
      looks.push(await settled());
    }
    const [, second, , last] = looks;
    console.log(
      `${RUNS} requests in ${Math.round((performance.now() - started) / 1000)} s; answers: ${[...statuses].sort().map(([status, count]) => `${status}: ${count}`).join(', ')}; ` +
        `heap ${looks.map(({ heap }) => (heap / 1048576).toFixed(1)).join(' → ')} MiB; handles ${JSON.stringify(last?.resources)}`,
    );
    expect(last!.heap).toBeLessThan(second!.heap + SLACK_BYTES);
    expect(last!.resources['TCPServerWrap']).toBe(second!.resources['TCPServerWrap']);
  });
});
