import { matchesGlob } from '../canary/name-version.ts';
import type { CanaryDefinition } from '../contracts/canary-definition.ts';
import type { ImagePush } from '../contracts/events.ts';
import { readDefinitions } from './definitions.ts';
import type { Ports } from './ports.ts';
import { startRollout } from './start-rollout.ts';

const releases = ({ image }: CanaryDefinition, repository: string, tag: string): boolean => image.repository === repository && matchesGlob(image.tag, tag);

/**
 * Starts a rollout of each definition whose image filter matches a push. The same push again starts none, as its name is taken.
 * A push without a tag matches nothing.
 */
export async function startForPush(ports: Pick<Ports, 'store' | 'stepFunctions' | 'canaryStateMachineArn'>, { source, detail }: ImagePush): Promise<{ rollouts: { id: string; started: boolean }[] }> {
  const { 'repository-name': repository, 'image-tag': tag, 'image-digest': digest } = detail;
  if (tag === undefined || tag === '') return { rollouts: [] };
  const definitions = (await readDefinitions(ports.store)).filter((definition) => releases(definition, repository, tag));
  const image = { repository, tag, ...(digest === undefined ? {} : { digest }) };
  return { rollouts: await Promise.all(definitions.map(({ name }) => startRollout(ports, { definition: name, image, trigger: `image push (${source})` }))) };
}
