import { isDeepStrictEqual } from 'node:util';
import { CREATES, identify, type MeshResource } from '../../contracts/mesh-file.ts';
import { InvalidInput, type Mistake } from '../../contracts/mistakes.ts';
import { readDocuments } from '../../contracts/read-text.ts';
import { looksLikeInput, readInputs } from './cli-input.ts';
import { fillPlaceholdersOfText } from './placeholders.ts';
import { readTemplate } from './cloudformation/read.ts';
import { CLOUDFORMATION_TAGS } from './cloudformation/tags.ts';
import { asTemplate } from './cloudformation/template.ts';
import { isKubernetes } from './kubernetes/objects.ts';
import { readManifests } from './kubernetes/read.ts';
import { NO_OPTIONS, type ImportOptions, type Read, type Source, type Sourced } from './source.ts';

export interface TextFile {
  readonly file: string;
  readonly text: string;
}

/** What files hold of meshes. */
export interface MeshFiles {
  /** In the order in which they can be made. */
  readonly resources: readonly MeshResource[];
  /** How many objects of other kinds the files hold, and which files hold nothing of a mesh. */
  readonly leftOut: Readonly<Record<string, number>>;
}

/** Runs what may find mistakes, and keeps them. */
const collecting =
  (mistakes: Mistake[]) =>
  <T>(run: () => readonly T[]): readonly T[] => {
    try {
      return run();
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      mistakes.push(...error.mistakes);
      return [];
    }
  };

/** The documents of a file. One that is no YAML because of placeholders that stand unquoted is read with them filled in. */
function readSources({ file, text }: TextFile, { params }: ImportOptions): Source[] {
  const read = (given: string): Source[] => readDocuments(given, file, CLOUDFORMATION_TAGS).map((document) => ({ file, ...document }));
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof InvalidInput)) throw error;
    const wrongLines = new Set(error.mistakes.map(({ line }) => line));
    const missing: Mistake[] = [];
    const filled = fillPlaceholdersOfText(text, params, (line, value, rule) => {
      if (wrongLines.has(line)) missing.push({ file, line, path: '', value, rule });
    });
    if (missing.length > 0) throw new InvalidInput(missing);
    if (filled === text) throw error;
    return read(filled);
  }
}

const NOTHING: Read = { resources: [], leftOut: [] };

/** Among several files, one that is neither is not for us; by itself it is a mistake. */
function readOther(source: Source, options: ImportOptions, isAlone: boolean): Read {
  if (!isAlone && !Array.isArray(source.value) && !looksLikeInput(source.value)) return { ...NOTHING, leftOut: [source.file] };
  return { ...NOTHING, resources: readInputs(source, options).map((resource) => ({ file: source.file, resource })) };
}

function readSource(source: Source, options: ImportOptions, isAlone: boolean): Read {
  const template = asTemplate(source.value);
  return template === undefined ? readOther(source, options, isAlone) : readTemplate(template, source, options);
}

/** A mesh file by itself says all there is; in any other form a mesh may be made elsewhere, and is only named. */
const saysAll = (sources: readonly Source[]): boolean => sources.every(({ value }) => asTemplate(value) === undefined && !isKubernetes(value));

/** An update's input replaces the spec that the create's input gave the same resource. */
function overlay(resources: Map<string, MeshResource>, update: MeshResource): void {
  const created = resources.get(identify(update));
  resources.set(identify(update), { create: update.create, input: { ...created?.input, ...update.input } });
}

/** The CLI creates a mesh without a file (`create-mesh --mesh-name`): inputs imply the meshes they name. */
function impliedMeshes(resources: Iterable<MeshResource>): MeshResource[] {
  const all = [...resources];
  const created = new Set(all.filter(({ create }) => create === 'CreateMesh').map(({ input }) => input['meshName']));
  const named = new Set(all.map(({ input }) => input['meshName']));
  return [...named].filter((mesh) => !created.has(mesh)).map((meshName) => ({ create: 'CreateMesh', input: { meshName } }));
}

const isUpdate = (file: string): boolean => /(^|\/)update-[^/]*$/.test(file);

/** All as one: what files called `update-*` hold overlays what the others create. The same in two files, as manifests of several clusters repeat their mesh, is one. */
function merge(found: readonly Sourced[], isWhole: boolean): MeshResource[] {
  const resources = new Map<string, MeshResource>();
  const mistakes: Mistake[] = [];
  for (const { file, resource } of found.filter((entry) => !isUpdate(entry.file))) {
    const key = identify(resource);
    if (resources.has(key) && !isDeepStrictEqual(resources.get(key), resource)) mistakes.push({ file, path: '', value: key, rule: 'must be created once only' });
    resources.set(key, resource);
  }
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  for (const { resource } of found.filter((entry) => isUpdate(entry.file))) overlay(resources, resource);
  const all = [...(isWhole ? [] : impliedMeshes(resources.values())), ...resources.values()];
  return all.sort((a, b) => CREATES.indexOf(a.create) - CREATES.indexOf(b.create));
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/**
 * The resources of several files as one, in whichever form each is: a list of `{ create, input }`, input JSON of the AWS CLI or what its describe operations
 * answered, CloudFormation templates, manifests of the Kubernetes controller. Meshes that are only named are created, but for a mesh file by itself.
 * @throws InvalidInput with every mistake of every file at once, two that create the same resource among them.
 */
export function readMeshFiles(files: readonly TextFile[], options: ImportOptions = NO_OPTIONS): MeshFiles {
  const mistakes: Mistake[] = [];
  const collect = collecting(mistakes);
  const sources = files.flatMap((file) => collect(() => readSources(file, options)));
  const manifests = sources.filter(({ value }) => isKubernetes(value));
  const others = sources.filter(({ value }) => !isKubernetes(value));
  const isAlone = files.length === 1;
  const reads = [
    ...others.flatMap((source) => collect(() => [readSource(source, options, isAlone)])),
    ...collect(() => [readManifests(manifests, options)]),
  ];
  if (mistakes.length === 0 && isAlone && sources.length === 0) mistakes.push({ file: files[0]?.file ?? '', path: '', value: files[0]?.text.slice(0, 80) ?? '', rule: 'must be a list of { create, input }' });
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  return { resources: merge(reads.flatMap(({ resources }) => resources), isAlone && saysAll(sources)), leftOut: countBy(reads.flatMap(({ leftOut }) => leftOut)) };
}
