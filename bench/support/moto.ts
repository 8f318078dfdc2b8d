import { access } from 'node:fs/promises';
import { connect, createServer, type AddressInfo } from 'node:net';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { PeerMissing } from './report.ts';
import { start, stop } from './programs.ts';

const venv = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'meshshift', 'bench-venv');

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/**
 * Moto's server, as its users start it.
 * @throws PeerMissing when it is not installed.
 */
export async function startMoto(): Promise<{ readonly port: number; stop(): Promise<void> }> {
  const binary = join(venv, 'bin', 'moto_server');
  await access(binary).catch(() => {
    throw new PeerMissing(`moto's server is missing. Get it with:\n  python3 -m venv ${venv} && ${venv}/bin/pip install 'moto[server]==5.*'`);
  });
  const port = await freePort();
  // Its log of each request costs it time that is not its work.
  const child = start('/bin/sh', ['-c', 'exec "$0" "$@" 2>/dev/null', binary, '-H', '127.0.0.1', '-p', String(port)], 'ignore');
  const deadline = Date.now() + 30_000;
  while (!(await answers(port))) {
    if (Date.now() > deadline) throw new Error('moto did not answer within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { port, stop: () => stop(child) };
}
