import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { dirname, join } from 'node:path';
import { freePort, root } from '../cli/run-cli.ts';
import { describeWith, hasCommand } from '../support/components.ts';
import { temporaryFolder } from '../support/control-plane.ts';
import { startServe } from '../support/serve.ts';

/** The instructions of the Dockerfile's last stage: what the image is. */
const lastStage = readFileSync(join(root, 'Dockerfile'), 'utf8')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .filter((line) => !/^\s*(#|$)/.test(line))
  .map((line): [string, string] => [line.split(/\s+/)[0] ?? '', line.replace(/^\s*\S+\s+/, '')])
  .reduce<[string, string][]>((stage, instruction) => (instruction[0] === 'FROM' ? [] : [...stage, instruction]), []);
const all = (name: string): string[] => lastStage.flatMap(([instruction, value]) => (instruction === name ? [value] : []));
const words = (json: string): string[] => JSON.parse(json.slice(json.indexOf('['))) as string[];
const environment = Object.fromEntries(all('ENV').flatMap((line) => line.split(/\s+/).map((pair) => pair.split('=') as [string, string])));

/** What the image holds, in a folder: `COPY` of what is built comes from this checkout, as it is built for the tests. */
function unpackImage(folder: string): void {
  for (const line of all('COPY')) {
    const parts = line.split(/\s+/).filter((part) => !part.startsWith('--from='));
    const target = parts.pop() ?? '';
    for (const part of parts) {
      const from = part.replace(/^\/(build|packages)\//, '');
      const to = join(folder, target.endsWith('/') ? `${target}${from}` : target);
      mkdirSync(dirname(to), { recursive: true });
      if (from === 'node_modules') symlinkSync(join(root, from), to);
      else cpSync(join(root, from), to, { recursive: true });
    }
  }
}

describeWith('hadolint', hasCommand('hadolint'), 'the Dockerfile', () => {
  test('is without a finding', () => {
    const { status, stdout } = spawnSync('hadolint', ['Dockerfile'], { cwd: root, encoding: 'utf8' });
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});

describe('the image', () => {
  let folder: string;
  beforeEach(() => {
    folder = temporaryFolder();
    unpackImage(folder);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));
  const [entry, command] = [words(all('ENTRYPOINT')[0] ?? '[]'), words(all('CMD')[0] ?? '[]')];

  test('is not run as root', () => {
    expect(all('USER').at(-1)).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(lastStage.findIndex(([name]) => name === 'USER')).toBeGreaterThan(lastStage.map(([name]) => name).lastIndexOf('COPY'));
  });

  test('runs its command, and its health check tells whether it serves', async () => {
    const port = await freePort();
    const env = { ...environment, NODE_OPTIONS: `${environment['NODE_OPTIONS'] ?? ''} --no-warnings`, MESHSHIFT_HOST: '127.0.0.1', MESHSHIFT_PORT: String(port), MESHSHIFT_XDS_PORT: '0', MESHSHIFT_DATA: join(folder, 'data') };
    const check = (): number | null => {
      const [program = '', ...args] = words(all('HEALTHCHECK')[0] ?? '[]');
      return spawnSync(program, args, { cwd: folder, env: { PATH: process.env['PATH'], ...env }, stdio: 'ignore' }).status;
    };
    expect(check()).toBe(1);
    const served = await startServe(env, [], [...entry, ...command], folder);
    expect(check()).toBe(0);
    expect(await served.end()).toBe(0);
  });

  test('lets nobody in unless told whom', async () => {
    await expect(startServe({ ...environment, MESHSHIFT_PORT: '0', MESHSHIFT_XDS_PORT: '0', MESHSHIFT_DATA: join(folder, 'data') }, [], [...entry, ...command], folder)).rejects.toThrow(/--host: 0\.0\.0\.0: needs access keys/);
  });

  test('needs no package that only development has', () => {
    const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const cli = join(root, 'dist/src/cli');
    const used = readdirSync(cli)
      .filter((file) => file.endsWith('.mjs'))
      .flatMap((file) => [...readFileSync(join(cli, file), 'utf8').matchAll(/(?:\bfrom|^import|\bimport\() ?"([@\w][^"]*)"/gm)].map(([, name = '']) => name));
    const packages = new Set(used.filter((name) => !name.startsWith('node:') && !builtinModules.includes(name)).map((name) => name.split('/').slice(0, name.startsWith('@') ? 2 : 1).join('/')));
    expect(packages.size).toBeGreaterThan(10);
    expect([...packages].filter((name) => dependencies[name] === undefined)).toEqual([]);
  });
});
