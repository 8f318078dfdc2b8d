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

/** A canary definition, as written and as understood. @throws InvalidInput with every mistake */
export async function readCanary(path: string): Promise<{ source: unknown; definition: CanaryDefinition }> {
  const text = await readFile(path, 'utf8');
  return { definition: parseCanaryDefinition(text, path), source: readText(text, path) };
}
