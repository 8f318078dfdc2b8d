import type { Resource } from '../../model/resources.ts';
import { ApiError, badRequest } from '../errors.ts';
import { parseResourcePath, type Stored } from '../kinds.ts';
import { show } from '../validation/show.ts';
import type { Input } from '../wire/read-input.ts';
import type { Answer } from './answer.ts';
import { notPresent, textOf, type Api } from './api.ts';
import { paginate } from './paginate.ts';

type Tags = Resource['tags'];

/** API reference, TooManyTagsException: 50 user tags a resource. */
const MAX_TAGS = 50;

/** @throws ApiError BadRequest for what is no ARN of App Mesh, NotFound for one of a resource that is not here */
function requireTagged(api: Api, input: Input): Stored {
  const arn = textOf(input, 'resourceArn') ?? '';
  const [, region, account, path] = /^arn:[\w-]+:appmesh:([\w-]*):(\d*):(.*)$/s.exec(arn) ?? [];
  const id = path === undefined ? undefined : parseResourcePath(path);
  if (id === undefined) throw badRequest(`'resourceArn' with value ${show(arn)}: must be the ARN of an App Mesh resource`);
  const found = region === api.region && account === api.accountId ? api.meshes.find(id) : undefined;
  if (found === undefined) throw notPresent({ accountId: account ?? '' }, id);
  return found;
}

/** A change of tags leaves the resource's version as it is. */
async function changeTags(api: Api, input: Input, change: (tags: Tags) => Tags): Promise<Answer> {
  const { mesh } = requireTagged(api, input);
  await api.meshes.change(mesh, () => {
    const before = requireTagged(api, input);
    return { kind: 'put', next: { ...before, tags: change(before.tags) }, before };
  });
  return { members: {} };
}

/** @throws ApiError TooManyTags, BadRequest, NotFound */
export async function tagResource(api: Api, input: Input): Promise<Answer> {
  const added = input['tags'] as Tags;
  return changeTags(api, input, (tags) => {
    const byKey = new Map([...tags, ...added].map((tag) => [tag.key, tag]));
    if (byKey.size > MAX_TAGS)
      throw new ApiError('TooManyTagsException', `a resource has at most ${MAX_TAGS} tags, and this one would have ${byKey.size}`);
    return [...byKey.values()];
  });
}

/** @throws ApiError BadRequest, NotFound */
export async function untagResource(api: Api, input: Input): Promise<Answer> {
  const gone = new Set(input['tagKeys'] as readonly string[]);
  return changeTags(api, input, (tags) => tags.filter(({ key }) => !gone.has(key)));
}

/** @throws ApiError BadRequest, NotFound */
export function listTags(api: Api, input: Input): Answer {
  const { metadata, tags } = requireTagged(api, input);
  const sorted = tags.map((tag) => [tag.key, tag] as const).sort(([a], [b]) => (a < b ? -1 : 1));
  const { items, nextToken } = paginate(input, metadata.uid, (after) => sorted.filter(([key]) => key > after));
  return { members: { tags: items, nextToken } };
}
