import type { Operation, Verb } from '../wire/operations.ts';
import type { Input } from '../wire/read-input.ts';
import { toData } from './answer.ts';
import { requireResource, type Api, type Call } from './api.ts';
import { deleteResource } from './delete.ts';
import { listResources } from './list.ts';
import { createResource, updateResource } from './put.ts';
import { listTags, tagResource, untagResource } from './tags.ts';

const VERBS: Readonly<Record<Verb, (api: Api, call: Call) => unknown>> = {
  create: async (api, call) => toData(await createResource(api, call)),
  describe: (api, call) => toData(requireResource(api, call)),
  update: async (api, call) => toData(await updateResource(api, call)),
  delete: async (api, call) => toData(await deleteResource(api, call)),
  list: listResources,
};

const TAG_VERBS = { tag: tagResource, untag: untagResource, listTags } as const;

/** Does what an operation says with its input, and gives its answer (not yet as it is on the wire). @throws ApiError */
export async function perform(api: Api, { name, action }: Operation, input: Input, ifVersion?: number): Promise<unknown> {
  if (!('kind' in action)) return TAG_VERBS[action.verb](api, input);
  return VERBS[action.verb](api, { operation: name, kind: action.kind, input, ...(ifVersion === undefined ? {} : { ifVersion }) });
}
