import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PeerMissing } from './report.ts';
import { startProgram, type Program } from './programs.ts';

const run = promisify(execFile);
const SOURCE = fileURLToPath(new URL('../../bench/peers/go', import.meta.url));

/**
 * Builds bench/peers/go into the cache; quick when nothing changed.
 * @throws PeerMissing when there is no Go or its modules cannot be fetched.
 */
export async function buildPeer(): Promise<string> {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'meshshift');
  const binary = join(folder, 'bench-peer');
  await mkdir(folder, { recursive: true });
  try {
    await run('go', ['build', '-o', binary, '.'], { cwd: SOURCE });
  } catch (error) {
    const { code, stderr } = error as Error & { code?: unknown; stderr?: string };
    const why = code === 'ENOENT' ? 'there is no go command; install Go 1.26 (https://go.dev/dl)' : `go build in bench/peers/go failed:\n${stderr ?? String(error)}`;
    throw new PeerMissing(`go-control-plane, the peer, is missing: ${why}`);
  }
  return binary;
}

/** go-control-plane, serving what it is told. */
export interface GoControlPlane {
  readonly port: number;
  /** Answers once the snapshot is set. */
  publish(node: string, resources: readonly string[]): Promise<void>;
  stop(): Promise<void>;
}

/** With a `journal`, a file, each snapshot is on disk before it is served. */
export async function startGoControlPlane(binary: string, journal?: string): Promise<GoControlPlane> {
  const program: Program = await startProgram(binary, ['serve', ...(journal === undefined ? [] : [journal])]);
  let version = 0;
  return {
    port: Number(program.hello['port']),
    publish: async (node, resources) => {
      version += 1;
      await program.ask({ node, version: String(version), resources });
    },
    stop: () => program.stop(),
  };
}

export interface StreamOptions {
  readonly port: number;
  readonly node: string;
  readonly streams: number;
  readonly connections: number;
  readonly endpoints: readonly string[];
  readonly routes: readonly string[];
}

/** When the last of all streams got new routes (epoch ms), and their size. */
export interface Arrival {
  readonly at: number;
  readonly bytes: number;
}

/** Many streams as so many proxies hold them, in a process of their own. */
export interface Streams {
  /** The next time that all of them got new routes. */
  arrival(): Promise<Arrival>;
  stop(): Promise<void>;
}

export async function openStreams(binary: string, { port, ...options }: StreamOptions): Promise<Streams> {
  const program = await startProgram(binary, ['connect', JSON.stringify({ target: `127.0.0.1:${port}`, ...options })]);
  const arrivalOf = (line: Readonly<Record<string, unknown>>): Arrival => ({ at: Number(line['at']), bytes: Number(line['bytes']) });
  return { arrival: async () => arrivalOf(await program.next()), stop: () => program.stop() };
}
