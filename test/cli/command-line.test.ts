import { commands } from '../../src/cli/commands/index.ts';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import { runCli } from './run-cli.ts';

describe('help', () => {
  test('names every command, every exit code and the environment', async () => {
    const { code, stdout, stderr } = await runCli(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const { words, about } of commands) expect(stdout).toMatch(new RegExp(`^  ${words.join(' ')} +${about}$`, 'm'));
    for (const [exit, about] of EXIT_CODES) expect(stdout).toContain(`${exit}`.padEnd(5) + about);
    expect(stdout).toContain('AWS_ENDPOINT_URL');
  });

  test.each(commands.map(({ words, options = {} }) => [words.join(' '), Object.keys(options)] as const))('%s --help names its options and an example', async (words, options) => {
    const { code, stdout } = await runCli([...words.split(' '), '--help']);
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: meshshift ${words}`);
    for (const option of [...options, 'json', 'help']) expect(stdout).toContain(`--${option}`);
    expect(stdout).toContain('Examples:');
  });

  test.each([[['mesh', '--help']], [['mesh', '-h']], [['help', 'mesh']]])('%j shows the group', async (argv) => {
    const { code, stdout } = await runCli(argv);
    expect(code).toBe(0);
    expect(stdout).toMatch(/mesh apply.*\n.*mesh describe/);
  });

  test('without anything it shows help', async () => {
    expect((await runCli([])).stdout).toContain('Usage: meshshift COMMAND');
  });
});

describe('a wrong command line', () => {
  const wrong: [string[], string][] = [
    [['bogus'], 'bogus: no such command; there are up, demo, mesh, canary, rollout, event'],
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
    [['rollout', 'start', 'svc1', '--tag', 'v2', '--attempt', '0'], '--attempt: 0: must be a whole number'],
    [['rollout', 'status'], 'rollout status: ID is missing'],
    [['rollout', 'list', '--endpoint', 'localhost:4680'], '--endpoint: localhost:4680: must be an http or https URL'],
    [['event', 'put', '--repository', 'svc1'], 'event put: needs either --repository NAME and --tag TAG, or --file FILE'],
    [['event', 'put', '--tag', 'v1', '-f', 'x.json'], 'event put: needs either'],
    [['mesh', 'bootstrap', 'svcNode2'], 'mesh bootstrap: svcNode2: must be mesh/MESH/virtualNode/NODE'],
    [['mesh', 'bootstrap', 'mesh/m/virtualNode/n', '--xds', 'here'], '--xds: here: must be HOST:PORT'],
  ];
  test.each(wrong)('%j', async (argv, message) => {
    const { code, stdout, stderr } = await runCli(argv);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(`meshshift: ${message}`);
    expect(stderr).toContain('`meshshift');
  });
});

describe('when nothing answers', () => {
  // Port 9 (discard) of loopback: nothing listens there.
  const remote = [['rollout', 'list'], ['mesh', 'describe'], ['event', 'put', '--repository', 'svc1', '--tag', 'v2'], ['mesh', 'apply', '-f', 'examples/pgmesh/mesh.yaml'], ['canary', 'apply', '-f', 'examples/pgmesh/canary.yaml']];
  test.each(remote.map((argv) => [argv]))('%j says so and what to do', async (argv) => {
    const { code, stdout, stderr } = await runCli([...argv, '--endpoint', 'http://127.0.0.1:9']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toBe('meshshift: http://127.0.0.1:9: nothing answers there (ECONNREFUSED)\n  is `meshshift up` running? Start it, or name another place with --endpoint or AWS_ENDPOINT_URL\n');
  });

  test('AWS_ENDPOINT_URL names the place, and --endpoint goes before it', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    expect((await runCli(['rollout', 'list'], { env })).stderr).toContain('http://127.0.0.1:9: nothing');
    expect((await runCli(['rollout', 'list', '--endpoint', 'http://127.0.0.1:11/'], { env })).stderr).toContain('http://127.0.0.1:11: nothing');
  });
});

describe('mesh bootstrap', () => {
  test('prints one for Envoy, and one for gRPC', async () => {
    const envoy = await runCli(['mesh', 'bootstrap', 'mesh/pgMesh/virtualNode/svcNode2', '--xds', '10.0.0.7:18000', '--listen', 'svc1.pgMesh.local=7001']);
    expect(JSON.parse(envoy.stdout)).toMatchObject({ node: { id: 'mesh/pgMesh/virtualNode/svcNode2', metadata: { 'meshshift.listen': { 'svc1.pgMesh.local': 7001 } } } });
    const grpc = await runCli(['mesh', 'bootstrap', 'mesh/pgMesh/virtualNode/svcNode2', '--xds', '[::1]:18000', '--grpc']);
    expect(JSON.parse(grpc.stdout)).toMatchObject({ xds_servers: [{ server_uri: '[::1]:18000' }] });
  });
});
