import { jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Tls } from '../../src/controlplane/xds/server.ts';
import { runMain } from '../cli/run-main.ts';
import { createAuthority, hasOpenssl, read, type Authority } from '../support/certificates.ts';
import { describeWith, hasPythonModule } from '../support/components.ts';
import { startTestControlPlane } from '../support/control-plane.ts';
import { startUpstream, WHOAMI } from '../support/upstreams.ts';
import { buildWalkthrough, CALLER, register, SERVICE } from '../support/walkthrough.ts';

jest.setTimeout(60_000);

interface Outcome {
  readonly by: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

/** What became of 200 calls by a client whose bootstrap the command line made. */
async function callBy(args: readonly string[]): Promise<Outcome> {
  const printed = await runMain(['mesh', 'bootstrap', CALLER, '--grpc', ...args]);
  expect(printed.stderr).toBe('');
  const script = fileURLToPath(new URL('../support/grpc-caller.py', import.meta.url));
  const child = spawn('python3', [script, `xds:///${SERVICE}`, WHOAMI, '200'], {
    env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: printed.stdout, GRPC_VERBOSITY: 'NONE' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(await text(child.stdout)) as Outcome;
}

describeWith('openssl, or Python with grpcio', hasOpenssl && hasPythonModule('grpc'), 'a proxyless client of gRPC’s C core', () => {
  let authority: Authority;
  beforeAll(() => {
    authority = createAuthority();
  });
  afterAll(() => authority.dispose());

  const issue = (name: string): { certificate: string; key: string } => {
    const { certificateChain, privateKey } = authority.issue(name);
    return { certificate: certificateChain, key: privateKey };
  };

  async function outcome(args: readonly string[], mode?: 'tls' | 'mutual'): Promise<Outcome> {
    const own = issue('localhost');
    const tls: Tls = { certificate: read(own.certificate), key: read(own.key), ...(mode === 'mutual' ? { clientAuthorities: read(authority.file) } : {}) };
    const plane = await startTestControlPlane(mode === undefined ? {} : { tls });
    const upstreams = await Promise.all(['svcNode1', 'svcNode1v2'].map(startUpstream));
    try {
      await buildWalkthrough(plane.client);
      for (const { name, port } of upstreams) await register(plane.url, name, [port]);
      return await callBy(['--xds', `localhost:${plane.xdsPort}`, ...args]);
    } finally {
      for (const one of upstreams) one.stop();
      await plane.dispose();
    }
  }
  const configured = { errors: [], by: { svcNode1: expect.any(Number) as number, svcNode1v2: expect.any(Number) as number } };

  test('in plain text, over TLS, and showing its own certificate', async () => {
    expect(await outcome([])).toEqual(configured);
    expect(await outcome(['--tls-ca', authority.file], 'tls')).toEqual(configured);
    const { certificate, key } = issue('caller.local');
    expect(await outcome(['--tls-ca', authority.file, '--tls-certificate', certificate, '--tls-key', key], 'mutual')).toEqual(configured);
  });

  test('without the certificate that is asked for, no call is made', async () => {
    const { by, errors } = await outcome(['--tls-ca', authority.file], 'mutual');
    expect(by).toEqual({});
    expect(errors[0]).toMatch(/^14 /);
  });
});
