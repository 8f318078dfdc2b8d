import type { EcsSettings } from '../../contracts/workload.ts';
import { WorkloadFailed, type Workload } from '../port.ts';
import { splitImage } from './image.ts';
import { copiedTags, tagsFor } from './tags.ts';
import type { Container, Tag, TaskDefinition } from './types.ts';

/** What ECS tells of a task definition and does not take back. */
const TOLD_ONLY = ['taskDefinitionArn', 'revision', 'status', 'requiresAttributes', 'compatibilities', 'registeredAt', 'registeredBy', 'deregisteredAt', 'deleteRequestedAt'];
/** By which AWS's Envoy image knows its virtual node. */
const IDENTITY = new Set(['APPMESH_RESOURCE_ARN', 'APPMESH_VIRTUAL_NODE_NAME']);

function findContainer({ containerDefinitions, family }: TaskDefinition, { settings, image }: Workload<EcsSettings>): Container {
  const names = containerDefinitions.map(({ name }) => name).join(', ');
  const found = containerDefinitions.filter((container) => (settings.container === undefined ? splitImage(container.image).repository === image.repository : container.name === settings.container));
  if (found.length === 1 && found[0] !== undefined) return found[0];
  if (settings.container !== undefined) throw new WorkloadFailed(`workload.container: ${settings.container}: must be a container of the task definition ${family}, whose containers are ${names}`);
  throw new WorkloadFailed(`workload.container: missing: must be given, as ${found.length} containers of the task definition ${family} run the image ${image.repository}; its containers are ${names}`);
}

/** By its digest where it is known: a tag may be moved while tasks start. */
const imageOf = (current: string, { repository, tag, digest }: Workload['image']): string => `${splitImage(current).registry}${repository}${digest === undefined ? `:${tag}` : `@${digest}`}`;

/** A proxy beside the new version is the canary's, not the stable one's. */
function withIdentity(container: Container, { mesh, stable, virtualNode }: Workload): Container {
  const path = `mesh/${mesh}/virtualNode/`;
  const isStable = (value: string): boolean => value === `${path}${stable}` || value.endsWith(`:${path}${stable}`);
  const environment = container.environment?.map((entry) => (IDENTITY.has(entry.name) && isStable(entry.value) ? { ...entry, value: entry.value.slice(0, -stable.length) + virtualNode } : entry));
  return environment === undefined ? container : { ...container, environment };
}

/**
 * What RegisterTaskDefinition takes for a new version: a revision like `from`, with the new image, and with the canary's identity for the proxy.
 * @throws WorkloadFailed where it is not clear whose image is the new one
 */
export function nextRevision(from: TaskDefinition, tags: readonly Tag[] | undefined, workload: Workload<EcsSettings>): object {
  const released = findContainer(from, workload);
  const containerDefinitions = from.containerDefinitions.map((container) => withIdentity(container === released ? { ...container, image: imageOf(container.image, workload.image) } : container, workload));
  const settings = Object.entries(from).filter(([key]) => !TOLD_ONLY.includes(key));
  return { ...Object.fromEntries(settings), containerDefinitions, tags: [...copiedTags(tags), ...tagsFor(workload)] };
}
