import { createHash } from 'node:crypto';
import type { EcsSettings } from '../../contracts/workload.ts';
import { WorkloadFailed, WorkloadNotReady, type Workload } from '../port.ts';
import { copiedTags, tagsFor } from './tags.ts';
import type { Service } from './types.ts';

/**
 * What a new version's service has of the one it is made like. Not among them: load balancers and registries, by which the stable version is found; a canary in
 * them would take requests whatever its weight is.
 */
const LIKE = ['capacityProviderStrategy', 'platformVersion', 'networkConfiguration', 'placementConstraints', 'placementStrategy', 'schedulingStrategy', 'enableExecuteCommand', 'enableECSManagedTags', 'propagateTags', 'availabilityZoneRebalancing'];

const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== '' && !(Array.isArray(value) && value.length === 0) && !(typeof value === 'object' && Object.keys(value).length === 0);

const isDaemon = ({ schedulingStrategy }: Service): boolean => schedulingStrategy === 'DAEMON';

const countFor = (like: Service, { desiredCount }: EcsSettings): object => (isDaemon(like) ? {} : { desiredCount: desiredCount ?? Math.max(1, like.desiredCount) });

/** Tasks that cannot start end a deployment, instead of being tried for ever; nothing was there before to go back to. */
function deploymentOf({ deploymentConfiguration }: Service): object {
  const { maximumPercent, minimumHealthyPercent } = (deploymentConfiguration ?? {}) as { maximumPercent?: number; minimumHealthyPercent?: number };
  return { ...(maximumPercent === undefined ? {} : { maximumPercent }), ...(minimumHealthyPercent === undefined ? {} : { minimumHealthyPercent }), deploymentCircuitBreaker: { enable: true, rollback: false } };
}

/** What CreateService takes; `registryArn`: where the canary's own tasks are found. */
export function newService(like: Service, taskDefinition: string, workload: Workload<EcsSettings>, registryArn: string | undefined): object {
  const { settings, virtualNode, mesh, rollout } = workload;
  const inherited = isGiven(like['capacityProviderStrategy']) ? LIKE : [...LIKE, 'launchType'];
  return {
    ...Object.fromEntries(inherited.filter((key) => isGiven(like[key])).map((key) => [key, like[key]])),
    ...countFor(like, settings),
    ...(registryArn === undefined ? {} : { serviceRegistries: [{ registryArn }] }),
    cluster: settings.cluster,
    serviceName: virtualNode,
    taskDefinition,
    deploymentConfiguration: deploymentOf(like),
    tags: [...copiedTags(like.tags), ...tagsFor(workload)],
    // The same request twice is one service. 32 characters.
    clientToken: createHash('sha256').update(JSON.stringify([rollout, mesh, virtualNode, taskDefinition])).digest('hex').slice(0, 32),
  };
}

/** What UpdateService takes, where the service is there from an earlier rollout. */
export const nextDeployment = (like: Service, service: Service, taskDefinition: string, { settings }: Workload<EcsSettings>): object => ({
  ...countFor(like, settings),
  cluster: settings.cluster,
  service: service.serviceName,
  taskDefinition,
  deploymentConfiguration: deploymentOf(like),
});

/** What ECS says of a service, the newest first. */
const told = ({ events = [] }: Service): string => events.slice(0, 2).map(({ message }) => message).join(' ');

/**
 * Whether a service runs what it was last told to run, and nothing else.
 * @throws WorkloadFailed with ECS's own reason; WorkloadNotReady: ask again
 */
export function assertSteady(service: Service): void {
  const { serviceName, deployments = [] } = service;
  const primary = deployments.find(({ status }) => status === 'PRIMARY');
  const { rolloutState, rolloutStateReason = '', desiredCount = service.desiredCount, runningCount = service.runningCount ?? 0, failedTasks = 0 } = primary ?? {};
  const reason = [rolloutStateReason, told(service)].filter((text) => text !== '').join(' ');
  if (rolloutState === 'FAILED') throw new WorkloadFailed(`the service ${serviceName} cannot run its tasks: ${reason}`);
  const isSteady = primary !== undefined && deployments.length === 1 && runningCount >= desiredCount && (rolloutState ?? 'COMPLETED') === 'COMPLETED';
  if (!isSteady) throw new WorkloadNotReady(`the service ${serviceName} runs ${runningCount} of ${desiredCount} tasks${failedTasks > 0 ? `, and ${failedTasks} failed` : ''}${reason === '' ? '' : `: ${reason}`}`);
}
