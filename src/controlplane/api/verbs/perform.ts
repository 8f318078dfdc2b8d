import { parseResourcePath } from '../kinds.ts';
import type { Operation, TagVerb, Verb } from '../wire/operations.ts';
import type { Input } from '../wire/read-input.ts';
import type { Answer } from './answer.ts';
import { requireResource, textOf, type Api, type Call } from './api.ts';
import { deleteResource } from './delete.ts';
import { listResources } from './list.ts';
import { createResource, updateResource } from './put.ts';
import { listTags, tagResource, untagResource } from './tags.ts';

const VERBS: Readonly<Record<Verb, (api: Api, call: Call) => Answer | Promise<Answer>>> = {
  create: async (api, call) => ({ resource: await createResource(api, call) }),
  describe: (api, call) => ({ resource: requireResource(api, call) }),
  update: async (api, call) => ({ resource: await updateResource(api, call) }),
  delete: async (api, call) => ({ resource: await deleteResource(api, call) }),
  list: listResources,
};

const TAG_VERBS: Readonly<Record<TagVerb, (api: Api, input: Input) => Answer | Promise<Answer>>> = { tag: tagResource, untag: untagResource, listTags };

const READS: ReadonlySet<Verb | TagVerb> = new Set(['describe', 'list', 'listTags']);

/** The mesh that an operation is about, where it is about one. */
function meshOf(input: Input): string | undefined {
  const arn = textOf(input, 'resourceArn');
  return arn === undefined ? textOf(input, 'meshName') : parseResourcePath(arn.split(':').slice(5).join(':'))?.mesh;
}

/** Where others change meshes too, what they changed before this request came is known before it is answered. */
async function catchUp({ meshes: { shared } }: Api, input: Input): Promise<void> {
  const mesh = meshOf(input);
  await (mesh === undefined ? shared?.catchUpAll() : shared?.catchUp(mesh));
}

/** Does what an operation says with its input, and gives its answer: of a change, once it is durable. @throws ApiError */
export async function perform(api: Api, { name, action }: Operation, input: Input, ifVersion?: number): Promise<Answer> {
  if (api.meshes.shared !== undefined) await catchUp(api, input);
  const answer = await ('kind' in action
    ? VERBS[action.verb](api, { operation: name, kind: action.kind, input, ...(ifVersion === undefined ? {} : { ifVersion }) })
    : TAG_VERBS[action.verb](api, input));
  // Also where nothing was done, as the same request came before: that one may still be on its way to the disk.
  if (!READS.has(action.verb)) await api.meshes.durable();
  return answer;
}
