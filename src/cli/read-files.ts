import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCanaryDefinition, type CanaryDefinition } from '../contracts/canary-definition.ts';
import { identify } from '../contracts/mesh-file.ts';
import { InvalidInput, type Mistake } from '../contracts/mistakes.ts';
import { readText } from '../contracts/read-text.ts';
import { checkInput } from '../mesh/check-input.ts';
import { readMeshFiles, type MeshFiles, type TextFile } from '../mesh/files/read-mesh-files.ts';
import type { ImportOptions } from '../mesh/files/source.ts';

/** Templates are named so that something fills them in before. */
const TEXT_FILE = /\.(json|ya?ml)(\.template)?$/;

async function readFolder(folder: string): Promise<TextFile[]> {
  const names = (await readdir(folder)).filter((name) => TEXT_FILE.test(name)).sort();
  if (names.length === 0) throw new InvalidInput([{ file: folder, path: '', value: 'a folder', rule: 'must hold files named *.json, *.yaml or *.yml' }]);
  return Promise.all(names.map(async (name) => ({ file: join(folder, name), text: await readFile(join(folder, name), 'utf8') })));
}

/** A file, or the files of a folder. */
const readPath = async (path: string): Promise<TextFile[]> => ((await stat(path)).isDirectory() ? await readFolder(path) : [{ file: path, text: await readFile(path, 'utf8') }]);

/**
 * What files, and the files of folders, hold of meshes, in any form that `readMeshFiles` knows; the inputs are checked by the SDK's schemas.
 * @throws InvalidInput with every mistake
 */
export async function readMesh(paths: readonly string[], options?: ImportOptions): Promise<MeshFiles> {
  const read = readMeshFiles((await Promise.all(paths.map(readPath))).flat(), options);
  const mistakes: Mistake[] = read.resources.flatMap((resource) => checkInput(resource).map((found) => ({ file: `${paths.join(', ')}: ${identify(resource)}`, ...found })));
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  return read;
}

/** A canary definition of a file, as written and as understood. */
export interface ReadCanary {
  readonly file: string;
  readonly source: unknown;
  readonly definition: CanaryDefinition;
}

/** @throws InvalidInput with every mistake */
export async function readCanary(file: string): Promise<ReadCanary> {
  const text = await readFile(file, 'utf8');
  return { file, definition: parseCanaryDefinition(text, file), source: readText(text, file) };
}

/** Of several definitions by one name, only one could be stored. */
const nameTwice = (canaries: readonly ReadCanary[]): Mistake[] =>
  canaries.flatMap(({ file, definition: { name } }, index) => {
    const first = canaries.findIndex((other) => other.definition.name === name);
    return first === index ? [] : [{ file, path: 'name', value: name, rule: `must be a name of its own: ${canaries[first]?.file ?? ''} has it` }];
  });

/** The canary definitions of a file, or of each file of a folder. @throws InvalidInput with every mistake of all of them */
export async function readCanaries(path: string): Promise<ReadCanary[]> {
  if (!(await stat(path)).isDirectory()) return [await readCanary(path)];
  const mistakes: Mistake[] = [];
  const canaries: ReadCanary[] = [];
  for (const { file } of await readFolder(path)) {
    await readCanary(file).then(
      (canary) => canaries.push(canary),
      (error: unknown) => {
        if (!(error instanceof InvalidInput)) throw error;
        mistakes.push(...error.mistakes);
      },
    );
  }
  mistakes.push(...nameTwice(canaries));
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  return canaries;
}
