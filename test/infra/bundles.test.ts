import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const DIST = join(import.meta.dirname, '../../dist/handlers');
const handlers = readdirSync(DIST, { recursive: true, encoding: 'utf8' }).filter((file) => /^\w+\/[\w-]+\.mjs$/.test(file)).map((file) => file.slice(0, -'.mjs'.length));

/** Lambda's own time for a bundle of this size is some milliseconds. */
const MOST_KIB = 400;

const filesOf = (handler: string): string[] => [`${handler}.mjs`, ...readdirSync(join(DIST, handler)).map((file) => `${handler}/${file}`)];

let folder: string;
beforeAll(() => {
  // Outside of the repository, so that no module is found but the bundle's own.
  folder = mkdtempSync(join(tmpdir(), 'meshshift-bundles-'));
  for (const file of handlers.flatMap(filesOf)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(DIST, file), join(folder, file));
  }
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const IMPORT = `
const missing = [];
for (const handler of JSON.parse(process.argv[1])) {
  const { handler: run } = await import(process.argv[2] + '/' + handler + '.mjs').catch((error) => ({ handler: error.message }));
  if (typeof run !== 'function') missing.push(handler + ': ' + run);
}
console.log(JSON.stringify(missing));
`;

test('every handler starts with nothing but its bundle, as it does on Lambda', () => {
  expect(handlers.length).toBeGreaterThan(20);
  const env = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', MESHSHIFT_TABLE: 'meshshift-dev' };
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', IMPORT, JSON.stringify(handlers), folder], { encoding: 'utf8', env });
  expect({ missing: JSON.parse(stdout || '[]') as string[], stderr }).toEqual({ missing: [], stderr: '' });
});

test.each(handlers)('%s is small', (handler) => {
  const bytes = filesOf(handler).reduce((sum, file) => sum + statSync(join(DIST, file)).size, 0);
  expect(bytes / 1024).toBeLessThanOrEqual(MOST_KIB);
});
