import type { Image } from '../../contracts/image.ts';
import type { RouteTarget } from '../../contracts/rollout.ts';
import type { Key } from '../../store/port.ts';

/** Where everything of rollouts is in the store. */
export const DEFINITIONS = 'definition';
export const ROLLOUTS = 'rollout';
export const BAKES = 'bake';

/** The freeze of all rollouts. */
export const FREEZE: Key = { pk: 'freeze', sk: 'all' };

export const definitionKey = (name: string): Key => ({ pk: DEFINITIONS, sk: name });
export const rolloutKey = (id: string): Key => ({ pk: ROLLOUTS, sk: id });
/** The pushes of a repository, the newest first; of one second, the one that was heard of last. */
export const imagePartition = (repository: string): string => `image#${repository}`;
const newestFirst = (at: number): string => String(1e15 - at).padStart(15, '0');
export const imageKey = ({ repository, tag, pushedAt }: Image, heardAt: number): Key => ({ pk: imagePartition(repository), sk: `${newestFirst(pushedAt)}#${newestFirst(heardAt)}#${tag}` });

export const alarmKey = (name: string): Key => ({ pk: 'alarm', sk: name });
/** What a channel was told. */
export const notifiedKey = (eventId: string, channel: string): Key => ({ pk: `notified#${eventId}`, sk: channel });

export const bakeKey = (id: string): Key => ({ pk: BAKES, sk: id });
export const judgeKey = (id: string): Key => ({ pk: `rollout#${id}`, sk: 'judge' });
/** What good rollouts of a definition have shown of how its bad requests come. */
export const dispersionKey = (definition: string): Key => ({ pk: 'dispersion', sk: definition });
export const LOCKS = 'lock';
export const lockKey = ({ mesh, virtualRouter, route }: RouteTarget): Key => ({ pk: LOCKS, sk: `${mesh}/${virtualRouter}/${route}` });

/** Whose execution was started, and has not begun yet. */
export const startingKey = (id: string): Key => ({ pk: 'starting', sk: id });
/** Who waits for a route: by route, in the order they were asked for. */
export const QUEUES = 'queue';
export const queuePrefix = ({ mesh, virtualRouter, route }: RouteTarget): string => `${mesh}/${virtualRouter}/${route}/`;
export const queueKey = (target: RouteTarget, requestedAt: number, id: string): Key => ({ pk: QUEUES, sk: `${queuePrefix(target)}${String(requestedAt).padStart(15, '0')}#${id}` });

/** The rollouts of a group that are under way. */
export const groupPartition = (group: string): string => `lockstep#${group}`;
export const groupKey = (group: string, id: string): Key => ({ pk: groupPartition(group), sk: id });

export const historyPartition = (id: string): string => `rollout#${id}`;
export const HISTORY_PREFIX = 'history#';
/** Sorted by the record's version it came with, then by place. */
export const historyKey = (id: string, version: number, place: number): Key => ({
  pk: historyPartition(id),
  sk: `${HISTORY_PREFIX}${String(version).padStart(10, '0')}#${String(place).padStart(3, '0')}`,
});
