import { matchesGlob } from '../../canary/name-version.ts';
import type { CallAws } from '../../aws/call.ts';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { DeploymentCompleted } from '../../contracts/events.ts';
import { splitImage, type ImageName } from '../../workloads/ecs/image.ts';
import type { Service, TaskDefinition } from '../../workloads/ecs/types.ts';
import { readDefinitions } from '../record/definitions.ts';
import type { Ports } from '../ports.ts';
import { startRollout } from '../actions/start-rollout.ts';

export interface DeploymentPorts extends Pick<Ports, 'store' | 'stepFunctions' | 'canaryStateMachineArn' | 'log'> {
  readonly callAws: CallAws;
}

/** `arn:aws:ecs:…:service/prod/svc1` → prod and svc1. */
function nameOf(arn: string): { cluster: string; service: string } {
  const [, cluster = '', service = ''] = /:service\/([^/]+)\/([^/]+)$/.exec(arn) ?? [];
  return { cluster, service };
}

/** Images of a service's task definition. */
async function imagesOf(callAws: CallAws, cluster: string, service: string): Promise<readonly ImageName[]> {
  const { services = [] } = (await callAws('ecs', 'DescribeServices', { cluster, services: [service] })) as { services?: Service[] };
  const [found] = services;
  if (found === undefined) return [];
  const { taskDefinition } = (await callAws('ecs', 'DescribeTaskDefinition', { taskDefinition: found.taskDefinition })) as { taskDefinition: TaskDefinition };
  return taskDefinition.containerDefinitions.map(({ image }) => splitImage(image));
}

const listensTo = ({ trigger }: CanaryDefinition, { cluster, service }: { cluster: string; service: string }): boolean =>
  typeof trigger === 'object' && trigger.ecs.cluster === cluster && matchesGlob(trigger.ecs.service, service);

/**
 * Starts a rollout of each definition whose trigger names the service of a completed deployment and whose image filter matches what it runs. The same version
 * again starts none, as its name is taken. Services that nobody's trigger names are not looked at.
 */
export async function startForDeployment(ports: DeploymentPorts, { source, resources }: DeploymentCompleted): Promise<{ rollouts: { id: string; started: boolean }[] }> {
  const deployed = nameOf(resources[0] ?? '');
  const definitions = (await readDefinitions(ports.store)).filter((definition) => listensTo(definition, deployed));
  if (definitions.length === 0) return { rollouts: [] };
  const images = await imagesOf(ports.callAws, deployed.cluster, deployed.service);
  const rollouts: { id: string; started: boolean }[] = [];
  for (const { name, image } of definitions) {
    const found = images.find(({ repository, tag }) => repository === image.repository && tag !== undefined && matchesGlob(image.tag, tag));
    if (found?.tag === undefined) {
      ports.log('info', 'deployment starts nothing', { definition: name, service: deployed.service, reason: `it runs no image ${image.repository} whose tag matches ${image.tag}` });
      continue;
    }
    const { repository, tag, digest } = found;
    rollouts.push(await startRollout(ports, { definition: name, image: { repository, tag, ...(digest === undefined ? {} : { digest }) }, trigger: `deployment of ${deployed.service} (${source})` }));
  }
  return { rollouts };
}
