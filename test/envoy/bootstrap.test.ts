import { jest } from '@jest/globals';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validateBootstrap } from '../../src/local/envoy/index.ts';
import { runMain } from '../cli/run-main.ts';
import { createAuthority, hasOpenssl, type Authority } from '../support/certificates.ts';
import { describeWith } from '../support/components.ts';
import { envoyBinary } from '../support/envoy.ts';

jest.setTimeout(120_000);

const NODE = 'mesh/pgMesh/virtualNode/svc1';

describeWith('Envoy 1.40 or openssl', envoyBinary !== undefined && hasOpenssl, 'what mesh bootstrap prints, before Envoy’s own validation', () => {
  let folder: string;
  let authority: Authority;
  /** The values of each option; the first is without it. */
  let choices: readonly (readonly (readonly string[])[])[];

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'meshshift-bootstrap-'));
    authority = createAuthority();
    const { certificateChain, privateKey } = authority.issue('proxy.local');
    writeFileSync(join(folder, 'token'), 'a-token-of-sixteen-characters\n');
    const ca = ['--tls-ca', authority.file];
    choices = [
      [[], ['--delta']],
      [[], ca, [...ca, '--tls-name', 'mesh.internal'], [...ca, '--tls-certificate', certificateChain, '--tls-key', privateKey]],
      [[], ['--token-file', join(folder, 'token')], ['--sigv4', 'eu-central-1']],
      [[], ['--listen', 'svc1.local=7001,svc2.local=7002'], ['--listen', 'all']],
      [[], ['--xds', 'mesh.internal:4681'], ['--xds', '[::1]:4681']],
      [[], ['--sds-socket', '/run/sds.sock', '--admin-port', '9901']],
      [[], ['--statistics', 'all'], ['--statistics', 'none']],
    ];
  });
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    authority.dispose();
  });

  test('every pair of options is valid, and is what was asked for', async () => {
    const problems: string[] = [];
    const rows = pairwise(choices);
    expect(rows.length).toBeGreaterThanOrEqual(12);
    for (const args of rows) {
      const { code, stdout, stderr } = await runMain(['mesh', 'bootstrap', NODE, '--json', ...args]);
      const problem = code === 0 ? await validateBootstrap(envoyBinary ?? '', JSON.parse(stdout) as object) : stderr;
      if (problem !== undefined) problems.push(`${args.join(' ')}: ${problem}`);
    }
    expect(problems).toEqual([]);
  });

  test('--check prints what Envoy accepts, and says what it refuses', async () => {
    const checked = ['mesh', 'bootstrap', NODE, '--check', '--tls-ca'];
    expect(await runMain([...checked, authority.file])).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout, stderr } = await runMain([...checked, join(folder, 'absent.pem')]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(`--check: Envoy refuses it: error initializing configuration 'the bootstrap': Invalid path: ${join(folder, 'absent.pem')}`);
  });
});

/** Few rows in which every value of each option meets every value of each other: each row starts with a pair that is open, and takes what closes most others. */
function pairwise(options: readonly (readonly (readonly string[])[])[]): string[][] {
  const keyOf = (a: number, x: number, b: number, y: number): string => (a < b ? `${a}=${x} ${b}=${y}` : `${b}=${y} ${a}=${x}`);
  const open = new Map(options.flatMap((values, a) => options.flatMap((others, b) => (a < b ? values.flatMap((_v, x) => others.map((_o, y) => [keyOf(a, x, b, y), [a, x, b, y] as const] as const)) : []))));
  const rows: string[][] = [];
  for (let first = [...open.values()][0]; first !== undefined; first = [...open.values()][0]) {
    const chosen = new Map([[first[0], first[1]], [first[2], first[3]]]);
    for (const [option, values] of options.entries()) {
      const closes = (value: number): number => [...chosen].filter(([other, of]) => open.has(keyOf(option, value, other, of))).length;
      if (!chosen.has(option)) chosen.set(option, values.map((_value, index) => index).sort((x, y) => closes(y) - closes(x))[0] ?? 0);
    }
    for (const [a, x] of chosen) for (const [b, y] of chosen) open.delete(keyOf(a, x, b, y));
    rows.push(options.flatMap((values, option) => values[chosen.get(option) ?? 0] ?? []));
  }
  return rows;
}
