import type { Resource } from '../../model/resources.ts';
import { KINDS } from '../kinds.ts';
import { resourcesOf } from '../state/mesh-state.ts';
import type { Answer } from './answer.ts';
import { idOf, requireMesh, requireParent, type Api, type Call } from './api.ts';
import { paginate } from './paginate.ts';

type Entries = Iterable<readonly [string, Resource]>;

function* meshesAfter(api: Api, key: string): Generator<readonly [string, Resource]> {
  for (const [name, { view }] of api.meshes.meshes().entriesAfter(key)) yield [name, view.mesh];
}

/** Entries of a router or gateway have keys that start with its name. */
function* ofParent(entries: Entries, prefix: string): Generator<readonly [string, Resource]> {
  for (const entry of entries) {
    if (!entry[0].startsWith(prefix)) return;
    yield entry;
  }
}

function entriesAfter(api: Api, { kind, input }: Call, key: string): Entries {
  if (kind === 'mesh') return meshesAfter(api, key);
  const { mesh, parent } = idOf({ kind, input });
  const view = api.meshes.meshes().get(mesh)?.view;
  if (view === undefined) return [];
  if (parent === undefined) return resourcesOf(view, kind).entriesAfter(key);
  const prefix = `${parent}/`;
  return ofParent(resourcesOf(view, kind).entriesAfter(key === '' ? prefix : key), prefix);
}

/** Lists that were answered: a collection never changes, so neither does any page of it. They live as long as it does. */
const answered = new WeakMap<object, Map<string, Answer>>();
/** Of one collection; who asks for more kinds of pages than this has them made anew. */
const MOST_PAGES = 100;

function pagesOf(collection: object): Map<string, Answer> {
  const known = answered.get(collection);
  if (known !== undefined && known.size < MOST_PAGES) return known;
  const pages = new Map<string, Answer>();
  answered.set(collection, pages);
  return pages;
}

const collectionOf = (api: Api, kind: Call['kind'], mesh: string): object | undefined => {
  const view = api.meshes.meshes().get(mesh)?.view;
  return kind === 'mesh' ? api.meshes.meshes() : view === undefined ? undefined : resourcesOf(view, kind);
};

/** @throws ApiError NotFound for the mesh or parent, BadRequest for a strange nextToken */
export function listResources(api: Api, call: Call): Answer {
  const { kind, input } = call;
  const id = idOf(call);
  if (kind !== 'mesh') requireMesh(api, id.mesh, input);
  requireParent(api, id);
  const scope = [call.operation, id.mesh, id.parent ?? ''].join('/');
  const pages = pagesOf(collectionOf(api, kind, id.mesh) ?? {});
  const page = JSON.stringify([scope, input['limit'], input['nextToken']]);
  const known = pages.get(page);
  if (known !== undefined) return known;
  const { items, nextToken } = paginate(input, scope, (key) => entriesAfter(api, call, key));
  const answer: Answer = { list: KINDS[kind].collection, resources: items, nextToken };
  pages.set(page, answer);
  return answer;
}
