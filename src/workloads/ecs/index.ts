import type { CallAws } from '../../aws/call.ts';
import type { EcsSettings } from '../../contracts/workload.ts';
import { WorkloadFailed, WorkloadNotReady, type Version, type Workload, type WorkloadDriver } from '../port.ts';
import { askOf, type Ask } from './refusals.ts';
import { ensureRegistry, removeRegistry } from './registry.ts';
import { assertSteady, newService, nextDeployment } from './service.ts';
import { isOfNode, isOfRollout, tagsFor } from './tags.ts';
import { nextRevision } from './task-definition.ts';
import type { Service, Tag, TaskDefinition } from './types.ts';

interface Asks {
  readonly ecs: Ask;
  readonly cloudMap: Ask;
}

const describe = async (ecs: Ask, cluster: string, services: readonly string[]): Promise<readonly Service[]> =>
  (await ecs<{ services?: Service[] }>('DescribeServices', { cluster, services: [...new Set(services)], include: ['TAGS'] })).services ?? [];

const named = (services: readonly Service[], name: string): Service | undefined => services.find(({ serviceName, status }) => serviceName === name && status !== 'INACTIVE');

/** What runs the stable version: the service that an earlier rollout made for it, else the one that the definition names. */
function findLike(services: readonly Service[], { mesh, stable, settings: { cluster, service } }: Workload<EcsSettings>): Service {
  const own = named(services, stable);
  const like = own?.status === 'ACTIVE' && isOfNode(own.tags, { mesh, virtualNode: stable }) ? own : named(services, service);
  if (like?.status === 'ACTIVE') return like;
  throw new WorkloadFailed(`workload.service: ${service}: must be an active service of the cluster ${cluster}, as the new version's is made like it`);
}

const describeTaskDefinition = (ecs: Ask, taskDefinition: string) => ecs<{ taskDefinition: TaskDefinition; tags?: Tag[] }>('DescribeTaskDefinition', { taskDefinition, include: ['TAGS'] });

/** The revision of this rollout: registering is not idempotent, so that the family's newest one is looked at first. */
async function ensureRevision(ecs: Ask, like: Service, workload: Workload<EcsSettings>): Promise<string> {
  const from = await describeTaskDefinition(ecs, like.taskDefinition);
  const newest = await describeTaskDefinition(ecs, from.taskDefinition.family);
  if (isOfRollout(newest.tags, workload) && isOfNode(newest.tags, workload)) return newest.taskDefinition.taskDefinitionArn;
  const { taskDefinition } = await ecs<{ taskDefinition: TaskDefinition }>('RegisterTaskDefinition', nextRevision(from.taskDefinition, from.tags, workload));
  return taskDefinition.taskDefinitionArn;
}

async function makeOrUpdate({ ecs, cloudMap }: Asks, services: readonly Service[], found: Service | undefined, workload: Workload<EcsSettings>): Promise<Service> {
  const like = findLike(services, workload);
  const revision = await ensureRevision(ecs, like, workload);
  if (found === undefined) return (await ecs<{ service: Service }>('CreateService', newService(like, revision, workload, await ensureRegistry(cloudMap, workload)))).service;
  const { service } = await ecs<{ service: Service }>('UpdateService', nextDeployment(like, found, revision, workload));
  // Last: as long as it is another rollout's, it is updated.
  await ecs('TagResource', { resourceArn: found.serviceArn, tags: tagsFor(workload) });
  return service;
}

const NAME = /^[A-Za-z0-9_-]{1,255}$/;

async function up(asks: Asks, workload: Workload<EcsSettings>): Promise<void> {
  const { settings, stable, virtualNode } = workload;
  if (!NAME.test(virtualNode)) throw new WorkloadFailed(`canary.virtualNode: ${virtualNode}: must hold letters, digits, - and _ only, as the service of ECS has its name`);
  const services = await describe(asks.ecs, settings.cluster, [virtualNode, stable, settings.service]);
  const found = named(services, virtualNode);
  if (found?.status === 'DRAINING') throw new WorkloadNotReady(`the service ${virtualNode} of an earlier rollout is on its way out`);
  if (found !== undefined && !isOfNode(found.tags, workload)) throw new WorkloadFailed(`the service ${virtualNode} is there already in the cluster ${settings.cluster}, and meshshift did not make it`);
  assertSteady(found !== undefined && isOfRollout(found.tags, workload) ? found : await makeOrUpdate(asks, services, found, workload));
}

async function down({ ecs, cloudMap }: Asks, version: Version<EcsSettings>): Promise<void> {
  const { mesh, virtualNode, settings } = version;
  if (!NAME.test(virtualNode)) return;
  const found = named(await describe(ecs, settings.cluster, [virtualNode]), virtualNode);
  // One that meshshift did not make is its owner's to scale down.
  if (found?.status === 'ACTIVE' && isOfNode(found.tags, { mesh, virtualNode })) await ecs('DeleteService', { cluster: settings.cluster, service: virtualNode, force: true });
  await removeRegistry(cloudMap, version);
}

/**
 * A service of ECS for each version, named as its virtual node: made like the stable version's, of a new revision of its task definition. Asked again it goes on
 * where it was, and makes nothing twice.
 */
export function openEcsWorkloads(callAws: CallAws): WorkloadDriver<EcsSettings> {
  const asks: Asks = { ecs: askOf(callAws, 'ecs', 'ECS'), cloudMap: askOf(callAws, 'servicediscovery', 'Cloud Map') };
  return { up: (workload) => up(asks, workload), down: (version) => down(asks, version) };
}
