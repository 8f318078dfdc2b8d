import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { silent, type Log } from '../../src/contracts/log.ts';
import { EnvoyFailed, findEnvoy, startEnvoy } from '../../src/local/envoy/index.ts';
import { describeWith } from '../support/components.ts';
import { envoyBinary } from '../support/envoy.ts';
import { eventually } from '../support/eventually.ts';

const ADMIN = { admin: { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } } };

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describeWith('Envoy 1.40', envoyBinary !== undefined, 'an Envoy of our own', () => {
  const binary = envoyBinary ?? '';

  test('serves when it is started, several beside each other, and is gone when it is stopped, twice if need be', async () => {
    const both = await Promise.all([startEnvoy({ binary, bootstrap: ADMIN, log: silent }), startEnvoy({ binary, bootstrap: ADMIN, log: silent })]);
    const info = await Promise.all(both.map(async ({ adminPort }) => (await fetch(`http://127.0.0.1:${adminPort}/server_info`)).json() as Promise<{ version: string }>));
    expect(info.map(({ version }) => version)).toEqual([expect.stringContaining('/1.40.0/'), expect.stringContaining('/1.40.0/')]);
    await Promise.all(both.map(({ stop }) => stop()));
    await both[0].stop();
    expect(both.map(({ pid }) => isAlive(pid))).toEqual([false, false]);
  });

  test('that refuses its bootstrap fails with its own words', async () => {
    const failing = startEnvoy({ binary, bootstrap: { ...ADMIN, no_such_field: 1 }, log: silent });
    await expect(failing).rejects.toThrow(EnvoyFailed);
    await expect(failing).rejects.toThrow('no_such_field');
  });

  test('that is not there fails', async () => {
    await expect(startEnvoy({ binary: '/no/such/envoy', bootstrap: ADMIN, log: silent })).rejects.toThrow(EnvoyFailed);
  });

  test('that never becomes ready is ended', async () => {
    const ads = { api_type: 'GRPC', transport_api_version: 'V3', grpc_services: [{ google_grpc: { target_uri: '127.0.0.1:1', stat_prefix: 'x' } }] };
    const bootstrap = { ...ADMIN, node: { id: 'x', cluster: 'x' }, dynamic_resources: { ads_config: ads, cds_config: { ads: {}, initial_fetch_timeout: '0s' } } };
    await expect(startEnvoy({ binary, bootstrap, log: silent, timeoutMs: 300 })).rejects.toThrow('did not serve within 300 ms');
  });

  test('does not outlive a parent that is killed', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'meshshift-test-'));
    const script = join(folder, 'parent.mjs');
    await build({ entryPoints: ['src/local/envoy/index.ts'], bundle: true, platform: 'node', format: 'esm', outfile: join(folder, 'envoy.mjs'), logLevel: 'error' });
    writeFileSync(
      script,
      `import { startEnvoy } from './envoy.mjs';
       const { pid } = await startEnvoy({ binary: ${JSON.stringify(binary)}, bootstrap: ${JSON.stringify(ADMIN)}, log: () => undefined });
       console.log(pid);`,
    );
    const parent = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    parent.kill('SIGKILL');
    await eventually(() => !isAlive(pid) || undefined, 'Envoy is gone');
    rmSync(folder, { recursive: true });
  });
});

describe('finding Envoy', () => {
  test('says why there is none', async () => {
    const before = process.env['MESHSHIFT_ENVOY'];
    process.env['MESHSHIFT_ENVOY'] = '/no/such/envoy';
    const said: unknown[] = [];
    const log: Log = (level, message, fields) => said.push([level, message, fields]);
    try {
      expect(await findEnvoy({ download: true, timeoutMs: 1, log })).toBeUndefined();
    } finally {
      if (before === undefined) delete process.env['MESHSHIFT_ENVOY'];
      else process.env['MESHSHIFT_ENVOY'] = before;
    }
    expect(said).toEqual([['warn', 'no Envoy', { reason: 'MESHSHIFT_ENVOY names /no/such/envoy, which is not executable' }]]);
  });
});
