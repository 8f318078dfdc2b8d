import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCanaryDefinition, type CanaryDefinition } from '../contracts/canary-definition.ts';
import { identify, parseMeshFile, parseMeshFiles, type MeshResource } from '../contracts/mesh-file.ts';
import { InvalidInput, type Mistake } from '../contracts/mistakes.ts';
import { readText } from '../contracts/read-text.ts';
import { checkInput } from '../mesh/check-input.ts';

const TEXT_FILE = /\.(json|ya?ml)$/;

async function readFolder(folder: string): Promise<{ file: string; text: string }[]> {
  const names = (await readdir(folder)).filter((name) => TEXT_FILE.test(name)).sort();
  if (names.length === 0) throw new InvalidInput([{ file: folder, path: '', value: 'a folder', rule: 'must hold files named *.json, *.yaml or *.yml' }]);
  return Promise.all(names.map(async (name) => ({ file: join(folder, name), text: await readFile(join(folder, name), 'utf8') })));
}

/**
 * The resources of a mesh file, or of a folder of them or of the AWS CLI's input JSON; their inputs are checked by the SDK's schemas.
 * @throws InvalidInput with every mistake
 */
export async function readMesh(path: string): Promise<MeshResource[]> {
  const isFolder = (await stat(path)).isDirectory();
  const resources = isFolder ? parseMeshFiles(await readFolder(path)) : parseMeshFile(await readFile(path, 'utf8'), path);
  const mistakes: Mistake[] = resources.flatMap((resource) => checkInput(resource).map((found) => ({ file: `${path}: ${identify(resource)}`, ...found })));
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  return resources;
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
