import { matchesGlob } from '../../canary/name-version.ts';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { ImagePush } from '../../contracts/events.ts';
import { readDefinitions } from '../record/definitions.ts';
import type { Ports } from '../ports.ts';
import { startRollout } from '../actions/start-rollout.ts';

const releases = ({ image }: CanaryDefinition, repository: string, tag: string): boolean => image.repository === repository && matchesGlob(image.tag, tag);

/**
 * Starts a rollout of each definition whose image filter matches a push. The same push again starts none, as its name is taken.
 * A push without a tag matches nothing. Where a schedule or a deployment starts rollouts, a push is only taken note of.
 */
export async function startForPush(ports: Pick<Ports, 'store' | 'images' | 'clock' | 'stepFunctions' | 'canaryStateMachineArn'>, { source, time, detail }: ImagePush): Promise<{ rollouts: { id: string; started: boolean }[] }> {
  const { 'repository-name': repository, 'image-tag': tag, 'image-digest': digest } = detail;
  if (tag === undefined || tag === '') return { rollouts: [] };
  const image = { repository, tag, ...(digest === undefined ? {} : { digest }) };
  const told = Date.parse(time ?? '');
  await ports.images.note({ ...image, pushedAt: Number.isNaN(told) ? ports.clock() : told });
  const definitions = (await readDefinitions(ports.store)).filter((definition) => definition.schedule === undefined && definition.trigger === 'push' && releases(definition, repository, tag));
  return { rollouts: await Promise.all(definitions.map(({ name }) => startRollout(ports, { definition: name, image, trigger: `image push (${source})` }))) };
}
