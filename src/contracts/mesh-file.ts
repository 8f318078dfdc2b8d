import * as z from 'zod/mini';
import { InvalidInput, parseInput, type Mistake } from './mistakes.ts';
import { readText } from './read-text.ts';

/** What a mesh file can create, in the order that lets each find what it refers to. */
export const CREATES = [
  'CreateMesh',
  'CreateVirtualNode',
  'CreateVirtualRouter',
  'CreateVirtualGateway',
  'CreateRoute',
  'CreateVirtualService',
  'CreateGatewayRoute',
] as const;
export type Create = (typeof CREATES)[number];

/** One resource: the operation that creates it and the input JSON of the AWS CLI. */
export interface MeshResource {
  readonly create: Create;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The members of an input that name its resource, outermost first. */
export const NAMES_OF: Readonly<Record<Create, readonly string[]>> = {
  CreateMesh: ['meshName'],
  CreateVirtualNode: ['meshName', 'virtualNodeName'],
  CreateVirtualRouter: ['meshName', 'virtualRouterName'],
  CreateVirtualGateway: ['meshName', 'virtualGatewayName'],
  CreateRoute: ['meshName', 'virtualRouterName', 'routeName'],
  CreateVirtualService: ['meshName', 'virtualServiceName'],
  CreateGatewayRoute: ['meshName', 'virtualGatewayName', 'gatewayRouteName'],
};

/** `CreateRoute pgMesh/svcNode1/svcNode1`: names the resource in messages, and tells two apart. */
export const identify = ({ create, input }: MeshResource): string => `${create} ${NAMES_OF[create].map((name) => String(input[name])).join('/')}`;

const names = z.string('must be a name').check(z.minLength(1, 'must not be empty'), z.maxLength(255, 'must have at most 255 characters'));

/** One entry of a mesh file; also the event of the handlers that provision. The rest of `input` is checked against App Mesh's own schemas. */
export const meshResource = z
  .strictObject({ create: z.enum(CREATES, `must be one of ${CREATES.join(', ')}`), input: z.record(z.string(), z.unknown(), 'must be the input JSON of the operation') })
  .check((context) => {
    for (const name of NAMES_OF[context.value.create]) {
      const result = names.safeParse(context.value.input[name]);
      if (!result.success) context.issues.push({ code: 'custom', input: context.value.input[name], path: ['input', name], message: result.error.issues[0]?.message ?? '' });
    }
  });

const entries = z.array(meshResource, 'must be a list of { create, input }').check(z.minLength(1, 'must hold at least one resource'));

const NAME_KEYS: readonly (readonly [string, Create])[] = [
  ['gatewayRouteName', 'CreateGatewayRoute'],
  ['routeName', 'CreateRoute'],
  ['virtualNodeName', 'CreateVirtualNode'],
  ['virtualServiceName', 'CreateVirtualService'],
  ['virtualRouterName', 'CreateVirtualRouter'],
  ['virtualGatewayName', 'CreateVirtualGateway'],
  ['meshName', 'CreateMesh'],
];

/** The operation that an input of the CLI is for, by the names it holds; undefined when it holds none. */
export const inferCreate = (input: Readonly<Record<string, unknown>>): Create | undefined => NAME_KEYS.find(([key]) => key in input)?.[1];

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** A file that is a list of `{ create, input }`, or one input of the CLI as it is. */
function readEntries(value: unknown, file: string): MeshResource[] {
  const create = isRecord(value) ? inferCreate(value) : undefined;
  return parseInput(entries, create === undefined ? value : [{ create, input: value }], file);
}

/** An update's input replaces the spec that the create's input gave the same resource. */
function overlay(resources: Map<string, MeshResource>, update: MeshResource): void {
  const created = resources.get(identify(update));
  resources.set(identify(update), { create: update.create, input: { ...created?.input, ...update.input } });
}

/** The CLI creates a mesh without a file (`create-mesh --mesh-name`): a folder's inputs imply the meshes they name. */
function impliedMeshes(resources: Iterable<MeshResource>): MeshResource[] {
  const all = [...resources];
  const created = new Set(all.filter(({ create }) => create === 'CreateMesh').map(({ input }) => input['meshName']));
  const named = new Set(all.map(({ input }) => input['meshName']));
  return [...named].filter((mesh) => !created.has(mesh)).map((meshName) => ({ create: 'CreateMesh', input: { meshName } }));
}

interface TextFile {
  readonly file: string;
  readonly text: string;
}

function readAll(files: readonly TextFile[]): { file: string; resource: MeshResource }[] {
  const mistakes: Mistake[] = [];
  const found = files.flatMap(({ file, text }) => {
    try {
      return readEntries(readText(text, file), file).map((resource) => ({ file, resource }));
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      mistakes.push(...error.mistakes);
      return [];
    }
  });
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  return found;
}

const isUpdate = (file: string): boolean => /(^|\/)update-[^/]*$/.test(file);

/**
 * The resources of a mesh file: a list of `{ create, input }`, or one input JSON of the AWS CLI.
 * @throws InvalidInput with every mistake at once.
 */
export const parseMeshFile = (text: string, file: string): MeshResource[] => parseMeshFiles([{ file, text }]);

/**
 * The resources of several files, as one: the CLI's input JSON files of a folder as they are. The operation is inferred from the names
 * an input holds; a file called `update-*` overlays what the others create; meshes that are only named are created.
 * @throws InvalidInput with every mistake of every file at once, two files that create the same resource among them.
 */
export function parseMeshFiles(files: readonly TextFile[]): MeshResource[] {
  const found = readAll(files);
  const resources = new Map<string, MeshResource>();
  const mistakes: Mistake[] = [];
  for (const { file, resource } of found.filter((entry) => !isUpdate(entry.file))) {
    const key = identify(resource);
    if (resources.has(key)) mistakes.push({ file, path: '', value: key, rule: 'must be created once only' });
    resources.set(key, resource);
  }
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  for (const { resource } of found.filter((entry) => isUpdate(entry.file))) overlay(resources, resource);
  return [...(files.length > 1 ? impliedMeshes(resources.values()) : []), ...resources.values()];
}
