import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commands } from '../../src/cli/commands/index.ts';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import { freePort, runCli } from './run-cli.ts';
import { runMain } from './run-main.ts';

describe('the program', () => {
  test('is the same command: help, a usage error', async () => {
    expect(await runCli(['--help'])).toEqual(await runMain(['--help']));
    expect(await runCli(['bogus'])).toEqual(await runMain(['bogus']));
  });
});

describe('help', () => {
  test('names every command, every exit code and the environment', async () => {
    const { code, stdout, stderr } = await runMain(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { words, about } of commands) expect(stdout).toMatch(new RegExp(`^  ${words.join(' ')} +${about}$`, 'm'));
    for (const [exit, about] of EXIT_CODES) expect(stdout).toContain(`${exit}`.padEnd(5) + about);
    expect(stdout).toContain('AWS_ENDPOINT_URL');
  });

  test.each(commands.map(({ words, options = {} }) => [words.join(' '), Object.keys(options)] as const))('%s --help names its options and an example', async (words, options) => {
    const { code, stdout } = await runMain([...words.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: meshshift ${words}`);
    for (const option of [...options, 'json', 'help']) expect(stdout).toContain(`--${option}`);
    expect(stdout).toContain('Examples:');
  });

  test.each([[['mesh', '--help']], [['mesh', '-h']], [['help', 'mesh']]])('%j shows the group', async (argv) => {
    const { code, stdout } = await runMain(argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/mesh apply.*\n.*mesh describe/);
  });

  test('without anything it shows help', async () => {
    expect((await runMain([])).stdout).toContain('Usage: meshshift COMMAND');
  });
});

describe('a wrong command line', () => {
  const NODE = 'mesh/m/virtualNode/n';
  const wrong: [string[], string][] = [
    [['bogus'], 'bogus: no such command; there are up, serve, demo, mesh, canary, rollout, freeze, event'],
    [['mesh'], 'mesh: needs one of apply, describe, bootstrap'],
    [['mesh', 'bogus'], 'mesh bogus: no such command; there are apply, describe, bootstrap'],
    [['--json'], '--json: must come after a command'],
    [['up', '--prot', '1'], "up: Unknown option '--prot'"],
    [['up', '--port'], "up: Option '--port <value>' argument missing"],
    [['up', '--port', '70000'], 'up: --port: 70000: must be a port from 0 to 65535'],
    [['up', '--xds-port', 'abc'], 'up: --xds-port: abc: must be a port'],
    [['up', 'now'], 'up: now: is one argument too many'],
    [['mesh', 'apply'], 'mesh apply: --file FILE|FOLDER is missing'],
    [['rollout', 'start'], 'rollout start: NAME is missing'],
    [['rollout', 'start', 'svc1'], 'rollout start: --tag TAG is missing'],
    [['rollout', 'start', 'svc1', '--tag', 'v2', '--attempt', '0'], 'rollout start: --attempt: 0: must be a whole number'],
    [['rollout', 'status'], 'rollout status: ID is missing'],
    [['rollout', 'abort'], 'rollout abort: give the ID of a rollout, or a --group'],
    [['rollout', 'pause', 'svc1-1', '--group', 'shop'], 'rollout pause: give the ID of a rollout, or a --group'],
    [['rollout', 'undo', 'svc1-1', '--group', 'shop'], "rollout undo: Unknown option '--group'"],
    [['rollout', 'list', '--endpoint', 'localhost:4680'], '--endpoint: localhost:4680: must be an http or https URL'],
    [['event', 'put', '--repository', 'svc1'], 'event put: a push needs --repository NAME and --tag TAG'],
    [['event', 'put', '--tag', 'v1', '-f', 'x.json'], 'event put: needs one of'],
    [['mesh', 'bootstrap', 'svcNode2'], 'mesh bootstrap: svcNode2: must be mesh/MESH/virtualNode/NODE'],
    [['mesh', 'bootstrap', 'mesh/m/virtualNode/n', '--xds', 'here'], 'mesh bootstrap: --xds: here: must be HOST:PORT'],
    [['mesh', 'bootstrap', NODE, '--listen', 'svc1'], 'mesh bootstrap: --listen: svc1: must be SERVICE=PORT, or all'],
    [['mesh', 'bootstrap', NODE, '--admin-port', '70000'], 'mesh bootstrap: --admin-port: 70000: must be a port from 0 to 65535'],
    [['mesh', 'bootstrap', NODE, '--sigv4', 'US East'], 'mesh bootstrap: --sigv4: US East: must be a region, as us-east-1'],
    [['mesh', 'bootstrap', NODE, '--sigv4', 'us-east-1', '--token-file', 'x'], 'mesh bootstrap: --token-file and --sigv4: a call has one kind of credentials'],
    [['mesh', 'bootstrap', NODE, '--tls-name', 'mesh.internal'], 'mesh bootstrap: --tls-ca: must be given with the other --tls options'],
    [['mesh', 'bootstrap', NODE, '--tls-ca', 'ca.pem', '--tls-key', 'me.key'], 'mesh bootstrap: --tls-certificate and --tls-key: must be given together'],
    ...[['delta'], ['tls-name', 'x'], ['token-file', 'x'], ['sigv4', 'us-east-1'], ['sds-socket', '/x'], ['listen', 'all'], ['admin-port', '1'], ['statistics', 'all'], ['check']].map(([name = '', ...value]): [string[], string] => [
      ['mesh', 'bootstrap', NODE, '--grpc', `--${name}`, ...value],
      `mesh bootstrap: --${name}: is not for --grpc: `,
    ]),
  ];
  test.each(wrong)('%j', async (argv, message) => {
    const { code, stdout, stderr } = await runMain(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`meshshift: ${message}`);
    // And what to do next.
    expect(stderr.trimEnd().split('\n')[1]).toMatch(/^ {2}(`meshshift .*--help` shows what there is|give --endpoint or set AWS_ENDPOINT_URL)$/);
  });
});

describe('when nothing answers', () => {
  let closed: string;
  beforeAll(async () => {
    closed = `http://127.0.0.1:${await freePort()}`;
  });
  const nothing = (endpoint: string): string => `meshshift: ${endpoint}: nothing answers there (ECONNREFUSED)\n  is \`meshshift up\` running? Start it, or name another place with --endpoint or AWS_ENDPOINT_URL\n`;

  const remote = [['rollout', 'list'], ['mesh', 'describe'], ['event', 'put', '--repository', 'svc1', '--tag', 'v2'], ['mesh', 'apply', '-f', 'examples/pgmesh/mesh.yaml'], ['canary', 'apply', '-f', 'examples/pgmesh/canary.yaml']];
  test.each(remote.map((argv) => [argv]))('%j says so and what to do', async (argv) => {
    // As a process: within jest, Node's errors are of another realm, which the SDK does not expect.
    expect(await runCli([...argv, '--endpoint', closed])).toEqual({ code: 3, stdout: '', stderr: nothing(closed) });
  });

  test('AWS_ENDPOINT_URL names the place, and --endpoint goes before it', async () => {
    const env = { AWS_ENDPOINT_URL: closed };
    expect((await runMain(['rollout', 'list'], env)).stderr).toBe(nothing(closed));
    const other = `http://127.0.0.1:${await freePort()}`;
    expect((await runMain(['rollout', 'list', '--endpoint', `${other}/`], env)).stderr).toBe(nothing(other));
  });
});

describe('mesh bootstrap', () => {
  test('prints one for Envoy, and one for gRPC', async () => {
    const envoy = await runMain(['mesh', 'bootstrap', 'mesh/pgMesh/virtualNode/svcNode2', '--xds', '10.0.0.7:18000', '--listen', 'svc1.pgMesh.local=7001']);
    expect(JSON.parse(envoy.stdout)).toMatchObject({ node: { id: 'mesh/pgMesh/virtualNode/svcNode2', metadata: { 'meshshift.listen': { 'svc1.pgMesh.local': 7001 } } } });
    const grpc = await runMain(['mesh', 'bootstrap', 'mesh/pgMesh/virtualNode/svcNode2', '--xds', '[::1]:18000', '--grpc']);
    expect(JSON.parse(grpc.stdout)).toMatchObject({ xds_servers: [{ server_uri: '[::1]:18000' }] });
  });

  test('a token’s file that is not there is a failure, and its content must be one token', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meshshift-cli-'));
    const by = (name: string) => runMain(['mesh', 'bootstrap', 'mesh/m/virtualNode/n', '--token-file', join(folder, name)]);
    expect(await by('absent')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('absent: ENOENT') as string });
    writeFileSync(join(folder, 'two'), 'one two');
    expect(await by('two')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('must hold one token') as string });
    rmSync(folder, { recursive: true });
  });
});
