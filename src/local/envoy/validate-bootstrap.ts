import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const TIMEOUT_MS = 30_000;

/** The last line that Envoy wrote, without its time and its place in Envoy's source. */
const reasonOf = (error: unknown, config: string): string => {
  const { stderr, message } = error as Error & { stderr?: string };
  const lines = (stderr ?? '').trim().split('\n');
  const told = lines.findLast((line) => /\[(critical|error)\]/.test(line)) ?? lines.at(-1);
  const line = told === undefined || told === '' ? message : told;
  return line.replace(/^(\[[^\]]*\] ?)+/, '').replaceAll(config, 'the bootstrap');
};

/** What Envoy has against a bootstrap (`--mode validate`: fields, constraints, extensions, and the files it names), or undefined. */
export async function validateBootstrap(binary: string, bootstrap: object): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'meshshift-envoy-'));
  const config = join(folder, 'bootstrap.json');
  try {
    await writeFile(config, JSON.stringify(bootstrap), { mode: 0o600 });
    await run(binary, ['--mode', 'validate', '-c', config, '--use-dynamic-base-id', '--log-level', 'warning'], { timeout: TIMEOUT_MS });
    return undefined;
  } catch (error) {
    return reasonOf(error, config);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
