import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { parseInput } from '../../contracts/mistakes.ts';
import { readText } from '../../contracts/read-text.ts';

const workload = z.strictObject({ mesh: z.string(), virtualNode: z.string(), tag: z.string() });

/** A version of a virtual node that is to run. */
export type Workload = z.infer<typeof workload>;

/** What is to run, kept in the data folder so that it runs again after a restart. */
export interface Desired {
  readonly before: readonly Workload[];
  /** Durable when it resolves. */
  save(workloads: readonly Workload[]): Promise<void>;
}

/** A whole file or none: written beside it, synced, then renamed over it. */
async function replace(path: string, text: string): Promise<void> {
  const file = await open(`${path}.new`, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** @throws InvalidInput when the file in the data folder is not what `save` wrote. */
export async function openDesired(dataFolder: string): Promise<Desired> {
  const path = join(dataFolder, 'workloads.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '[]';
    throw error;
  });
  const before = parseInput(z.array(workload), readText(text, path), path);
  let writing = Promise.resolve();
  return {
    before,
    save(workloads) {
      const written = writing.then(() => replace(path, `${JSON.stringify(workloads)}\n`));
      writing = written.catch(() => undefined);
      return written;
    },
  };
}
