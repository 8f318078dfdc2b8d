import type { EcsSettings } from '../../contracts/workload.ts';
import type { Version } from '../port.ts';
import type { Tag } from './types.ts';

/** Whose a service or a task definition is. */
const NODE = 'meshshift:virtual-node';
const ROLLOUT = 'meshshift:rollout';

export const tagsFor = ({ mesh, virtualNode, rollout }: Version<EcsSettings>): Tag[] => [
  { key: NODE, value: `${mesh}/${virtualNode}` },
  { key: ROLLOUT, value: rollout },
];

/** The tags of what something is copied from, which may be copied with it. */
export const copiedTags = (tags: readonly Tag[] = []): Tag[] => tags.filter(({ key }) => !key.startsWith('aws:') && !key.startsWith('meshshift:'));

const has = (tags: readonly Tag[] | undefined, { key, value }: Tag): boolean => tags?.some((tag) => tag.key === key && tag.value === value) === true;

/** Whether meshshift made it, for this virtual node. */
export const isOfNode = (tags: readonly Tag[] | undefined, { mesh, virtualNode }: Pick<Version, 'mesh' | 'virtualNode'>): boolean => has(tags, { key: NODE, value: `${mesh}/${virtualNode}` });

export const isOfRollout = (tags: readonly Tag[] | undefined, { rollout }: Version<EcsSettings>): boolean => has(tags, { key: ROLLOUT, value: rollout });
