// What each handler's bundle weighs, and what it adds to the start of an empty handler: both are started in turns, each in a process of its own.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { readOptions } from './support/options.ts';
import { begin, finish, printTable, run } from './support/report.ts';
import { median } from './support/stats.ts';

const { rounds } = readOptions({ rounds: 20 });

const DIST = join(import.meta.dirname, '../handlers');
const handlers = readdirSync(DIST, { recursive: true, encoding: 'utf8' })
  .filter((file) => /^\w+\/[\w-]+\.mjs$/.test(file))
  .map((file) => file.slice(0, -'.mjs'.length))
  .toSorted();

const sizeOf = (handler: string): number => [`${handler}.mjs`, ...readdirSync(join(DIST, handler)).map((file) => `${handler}/${file}`)].reduce((sum, file) => sum + statSync(join(DIST, file)).size, 0) / 1024;

/** As esbuild writes an import that is no `import()`. */
const STATIC = /(?:from|import)"(\.\/[^"]+)"/g;
/** As each client of the SDK names itself. */
const CLIENT = /serviceId:\w+\?\.serviceId\?\?"([^"]+)"/g;

/** The texts that are loaded before the first event, the handler's own among them. */
function loaded(file: string, seen = new Map<string, string>()): Map<string, string> {
  if (seen.has(file)) return seen;
  const text = readFileSync(file, 'utf8');
  seen.set(file, text);
  for (const [, path = ''] of text.matchAll(STATIC)) loaded(join(dirname(file), path), seen);
  return seen;
}

/** The SDK's clients that a handler has when it starts; the store's is loaded by an `import()` that is awaited. */
const clientsOf = (handler: string): string[] => {
  const texts = [...loaded(join(DIST, `${handler}.mjs`)).values()];
  const store = texts.some((text) => /import\("\.\/(?:[\w-]+\/)?dynamodb-/.test(text)) ? ['DynamoDB'] : [];
  return [...new Set([...texts.flatMap((text) => [...text.matchAll(CLIENT)].map(([, name = '']) => name)), ...store])].toSorted();
};

/** As on Lambda: the table is DynamoDB's. */
const ENVIRONMENT = {
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'bench',
  AWS_SECRET_ACCESS_KEY: 'bench',
  AWS_RETRY_MODE: 'adaptive',
  AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
  MESHSHIFT_TABLE: 'meshshift-bench',
};
const PROGRAM = `
const begun = performance.now();
const { handler } = await import(process.argv[1]);
if (typeof handler !== 'function') throw new Error('no handler');
process.stdout.write(String(performance.now() - begun));
`;

/** Milliseconds from the import of a handler until it could take its first event. */
function start(file: string): number {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', PROGRAM, file], { encoding: 'utf8', env: ENVIRONMENT });
  if (status !== 0) throw new Error(`${basename(file)}: ${stderr}`);
  return Number(stdout);
}

/** In turns, each first every other time. */
function addedBy(handler: string, empty: string): number {
  const file = join(DIST, `${handler}.mjs`);
  return median(
    Array.from({ length: rounds }, (_, round) => {
      if (round % 2 === 0) {
        const without = start(empty);
        return start(file) - without;
      }
      return start(file) - start(empty);
    }),
  );
}

await run(async () => {
  begin(`coldstart: ${handlers.length} handlers, ${rounds} pairs each`);
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-coldstart-'));
  const empty = join(folder, 'empty.mjs');
  writeFileSync(empty, 'export const handler = async () => null;\n');
  // Files are in the system's cache from here on.
  for (const handler of handlers) start(join(DIST, `${handler}.mjs`));
  const measured = handlers.map((handler) => {
    const clients = clientsOf(handler);
    return { handler, kiB: sizeOf(handler), ms: addedBy(handler, empty), clients, boundMs: clients.length > 1 ? 80 : 60 };
  });
  rmSync(folder, { recursive: true });
  printTable(
    ['handler', 'KiB', 'added ms', 'bound ms', 'clients'],
    measured.map(({ handler, kiB, ms, boundMs, clients }) => [handler, kiB, ms, boundMs, clients.join(', ')]),
  );
  const over = measured.filter(({ kiB, ms, boundMs }) => kiB > 400 || ms > boundMs).map(({ handler }) => handler);
  console.log(over.length === 0 ? '\nall within 400 KiB and their bound' : `\nover a bound: ${over.join(', ')}`);
  finish({ maxKiB: Math.max(...measured.map(({ kiB }) => kiB)), maxMs: Math.max(...measured.map(({ ms }) => ms)), handlers: measured.map(({ handler, kiB, ms, clients }) => ({ handler, kiB, ms, clients: clients.length })) });
  await Promise.resolve();
});
