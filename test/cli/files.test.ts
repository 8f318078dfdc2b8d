import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify } from '../../src/contracts/mesh-file.ts';
import { readMesh } from '../../src/cli/read-files.ts';
import { root, runCli } from './run-cli.ts';
import { runMain } from './run-main.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'meshshift-cli-'));
});
afterAll(() => rm(folder, { recursive: true }));

const BROKEN = `
name: svc1
image: { repository: svc1 }
target: { mesh: pgMesh, virtualRouter: svcNode1 }
canary: { virtualNode: svcNode1v2 }
steps: [25, 150]
bake: 5 minutes
windows: ["Someday 09:00-16:00"]
`;

test('canary schema prints what is published', async () => {
  const { code, stdout } = await runMain(['canary', 'schema']);
  expect({ code, schema: JSON.parse(stdout) as unknown }).toEqual({ code: 0, schema: JSON.parse(await readFile(new URL('../../docs/canary.schema.json', import.meta.url), 'utf8')) as unknown });
});

describe('canary check', () => {
  test('a valid definition is told in words, and in JSON', async () => {
    const words = await runCli(['canary', 'check', '-f', 'examples/pgmesh/canary.yaml']);
    expect(words).toEqual({ code: 0, stderr: '', stdout: expect.stringContaining('canary svc1 is valid') as string });
    const json = await runCli(['canary', 'check', '-f', 'examples/pgmesh/canary.yaml', '--json']);
    expect(JSON.parse(json.stdout)).toEqual({ valid: true, names: ['svc1'], mistakes: [] });
  });

  test('every mistake is told at once, with file, line, path, value and rule', async () => {
    await writeFile(join(folder, 'broken.yaml'), BROKEN);
    const { code, stdout, stderr } = await runCli(['canary', 'check', '-f', 'broken.yaml'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('broken.yaml:4: target.route: missing: ');
    expect(stderr).toContain('broken.yaml:5: canary.virtualNode: "svcNode1v2": must contain {{tag}}');
    expect(stderr).toContain('broken.yaml:6: steps[1].weight: 150: must be a weight');
    expect(stderr).toContain('broken.yaml:7: bake: "5 minutes": must be a duration');
    expect(stderr).toContain('broken.yaml:8: windows[0]: "Someday 09:00-16:00": must be');
    expect(stderr).toContain('5 mistakes');
  });

  test('--json tells the same mistakes on stdout alone', async () => {
    const { code, stdout, stderr } = await runCli(['canary', 'check', '-f', 'broken.yaml', '--json'], { cwd: folder });
    expect({ code, stderr }).toEqual({ code: 1, stderr: '' });
    const { valid, mistakes } = JSON.parse(stdout) as { valid: boolean; mistakes: { path: string }[] };
    expect(valid).toBe(false);
    expect(mistakes.map(({ path }) => path).sort()).toEqual(['bake', 'canary.virtualNode', 'steps[1].weight', 'target.route', 'windows[0]']);
  });

  test('a syntax error names its line', async () => {
    await writeFile(join(folder, 'syntax.yaml'), 'name: svc1\nsteps: [25\n');
    const { code, stderr } = await runCli(['canary', 'check', '-f', 'syntax.yaml'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^syntax\.yaml:\d+: /);
  });

  test('a folder is checked as a whole: the mistakes of all its files, and names that are given twice', async () => {
    const releases = join(folder, 'releases');
    await mkdir(releases);
    const good = await readFile(`${root}examples/pgmesh/canary.yaml`, 'utf8');
    for (const name of ['a.yaml', 'b.yml']) await writeFile(join(releases, name), good);
    await writeFile(join(releases, 'c.json'), JSON.stringify({ name: 'c' }));
    await writeFile(join(releases, 'notes.txt'), 'not read');
    const { code, stderr } = await runCli(['canary', 'check', '-f', 'releases'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toContain('releases/b.yml: name: "svc1": must be a name of its own: releases/a.yaml has it');
    expect(stderr).toContain('releases/c.json: steps: missing: ');
    await rm(join(releases, 'c.json'));
    await writeFile(join(releases, 'b.yml'), good.replace('name: svc1', 'name: other'));
    expect(JSON.parse((await runCli(['canary', 'check', '-f', 'releases', '--json'], { cwd: folder })).stdout)).toEqual({ valid: true, names: ['svc1', 'other'], mistakes: [] });
  });

  test('a file that is not there is named', async () => {
    expect(await runCli(['canary', 'check', '-f', 'nowhere.yaml'], { cwd: folder })).toEqual({ code: 1, stdout: '', stderr: 'meshshift: nowhere.yaml: there is no such file or folder\n' });
  });
});

describe('mesh files', () => {
  test("pgMesh's file and the folder of the AWS CLI's inputs make the same resources", async () => {
    const [{ resources: file }, { resources: inputs }] = await Promise.all([readMesh([`${root}examples/pgmesh/mesh.yaml`]), readMesh([`${root}examples/pgmesh/cli-input`])]);
    expect(inputs.map(identify).sort()).toEqual(file.map(identify).sort());
    const specOf = (resources: typeof file, name: string) => resources.find((resource) => identify(resource) === name)?.input['spec'];
    for (const name of file.map(identify).filter((entry) => !entry.startsWith('CreateRoute'))) expect(specOf(inputs, name)).toEqual(specOf(file, name));
    expect(specOf(inputs, 'CreateRoute pgMesh/svcNode1/svcNode1')).toMatchObject({ http2Route: { action: { weightedTargets: [{ weight: 75 }, { weight: 25 }] } } });
    expect(specOf(file, 'CreateRoute pgMesh/svcNode1/svcNode1')).toMatchObject({ http2Route: { action: { weightedTargets: [{ virtualNode: 'svcNode1', weight: 100 }] } } });
  });

  test('a broken one is refused before anything is asked, with every mistake', async () => {
    await writeFile(join(folder, 'mesh.yaml'), '[{ create: CreateMesh, input: {} }, { create: CreateVirtualNode, input: { meshName: m, virtualNodeName: n, spec: { listener: [] } } }, { create: MakeMesh, input: {} }]');
    const { code, stdout, stderr } = await runCli(['mesh', 'apply', '-f', 'mesh.yaml', '--endpoint', 'http://127.0.0.1:9'], { cwd: folder });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('mesh.yaml:1: [0].input.meshName: missing');
    expect(stderr).toContain('mesh.yaml:1: [2].create: "MakeMesh"');
  });

  test('an unknown member of a spec is refused too', async () => {
    await writeFile(join(folder, 'member.yaml'), '[{ create: CreateVirtualNode, input: { meshName: m, virtualNodeName: n, spec: { listener: [] } } }]');
    const { code, stderr } = await runCli(['mesh', 'apply', '-f', 'member.yaml', '--endpoint', 'http://127.0.0.1:9'], { cwd: folder });
    expect(code).toBe(1);
    expect(stderr).toContain('member.yaml: CreateVirtualNode m/n: input.spec.listener: []: is not a member of VirtualNodeSpec');
  });
});
