// svc2's part: asks svc1 at a steady rate and reports who answered, one JSON line at a time.
//   TARGET     where svc1 is: an address of the mesh's proxy (127.0.0.1:PORT), or xds:///svc1.pgMesh.local to do without one;
//              the latter needs GRPC_XDS_BOOTSTRAP_CONFIG or GRPC_XDS_BOOTSTRAP
//   RATE       requests a second (100)
//   REPORT_MS  milliseconds from report to report (1000)
// Ends when its standard input closes or at SIGTERM, after a last report.
import { credentials, makeGenericClientConstructor, Metadata, type ServiceError } from '@grpc/grpc-js';
import { svc1, VERSION_KEY, type AskReply, type AskRequest } from './svc1.ts';
import { Tally } from './tally.ts';

type Callback = (error: ServiceError | null, reply?: AskReply) => void;
interface Ask {
  ask(request: AskRequest, metadata: Metadata, options: { deadline: number }, callback: Callback): void;
}

const number = (name: string, fallback: number): number => {
  const value = Number(process.env[name] ?? fallback);
  if (value > 0) return value;
  throw new Error(`${name}: ${String(process.env[name])}: must be a number above 0`);
};
const rate = number('RATE', 100);
const reportMs = number('REPORT_MS', 1_000);
const target = process.env['TARGET'] ?? 'xds:///svc1.pgMesh.local';

// The resolver reads its bootstrap when it is loaded, and is of no use for other targets.
if (target.startsWith('xds:')) (await import('@grpc/grpc-js-xds')).register();

const Client = makeGenericClientConstructor(svc1, 'Svc1');
const client = new Client(target, credentials.createInsecure());
const asker = client as unknown as Ask;
const tally = new Tally();
const empty = new Metadata();

/** Epoch milliseconds with fractions, always rising. */
const now = (): number => performance.timeOrigin + performance.now();

function askOnce(question: string): void {
  const sentAt = now();
  asker.ask({ question }, empty, { deadline: Date.now() + 2_000 }, (error, reply) => {
    const version = reply?.version ?? error?.metadata.get(VERSION_KEY)[0]?.toString();
    tally.add({ ...(version === undefined ? {} : { version }), code: error?.code ?? 0, sentAt, at: now() });
  });
}

const report = (): void => void process.stdout.write(`${JSON.stringify(tally.take(now()))}\n`);

/** Requests are due by the clock, not by the answers: a slow service does not slow its caller down. */
function callSteadily(): () => void {
  const startedAt = now();
  let asked = 0;
  const asking = setInterval(() => {
    const due = Math.floor(((now() - startedAt) * rate) / 1_000);
    // After a stall, such as a suspended laptop, the missed ones are let go.
    asked = Math.max(asked, due - rate);
    for (; asked < due; asked += 1) askOnce(`number ${asked}`);
  }, 5);
  const reporting = setInterval(report, reportMs);
  return () => {
    clearInterval(asking);
    clearInterval(reporting);
  };
}

client.waitForReady(Date.now() + 15_000, (error) => {
  if (error !== undefined) {
    process.stderr.write(`${target}: not reachable within 15 s: ${error.message}\n`);
    process.exit(1);
  }
  const stop = callSteadily();
  const finish = (): void => {
    stop();
    report();
    process.exit(0);
  };
  process.on('SIGTERM', finish);
  process.stdin.on('close', finish).on('end', finish).resume();
});
