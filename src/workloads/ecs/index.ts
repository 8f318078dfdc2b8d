import type { CallAws, AwsCallFailed } from '../../aws/call.ts';
import type { EcsSettings } from '../../contracts/workload.ts';
import { WorkloadFailed, WorkloadNotReady, type Version, type Workload, type WorkloadDriver } from '../port.ts';
import { assertSteady, newService, nextDeployment } from './service.ts';
import { isOfNode, isOfRollout, tagsFor } from './tags.ts';
import { nextRevision } from './task-definition.ts';
import type { Service, Tag, TaskDefinition } from './types.ts';

type Ecs = <T>(operation: string, input: object) => Promise<T>;

const isRefusal = (error: unknown): error is AwsCallFailed => error instanceof Error && '$metadata' in error && (error as AwsCallFailed).$metadata.httpStatusCode < 500 && !/Throttl|TooManyRequests|LimitExceeded/.test(error.name);

/** What ECS refuses it refuses again: told as it says it. */
const ecsOf =
  (callAws: CallAws): Ecs =>
  async <T>(operation: string, input: object) => {
    try {
      return (await callAws('ecs', operation, input)) as T;
    } catch (error) {
      if (isRefusal(error)) throw new WorkloadFailed(`ECS refuses ${operation}: ${error.name}: ${error.message}`, { cause: error });
      throw error;
    }
  };

const describe = async (ecs: Ecs, cluster: string, services: readonly string[]): Promise<readonly Service[]> =>
  (await ecs<{ services?: Service[] }>('DescribeServices', { cluster, services: [...new Set(services)], include: ['TAGS'] })).services ?? [];

const named = (services: readonly Service[], name: string): Service | undefined => services.find(({ serviceName, status }) => serviceName === name && status !== 'INACTIVE');

/** What runs the stable version: the service that an earlier rollout made for it, else the one that the definition names. */
function findLike(services: readonly Service[], { mesh, stable, settings: { cluster, service } }: Workload<EcsSettings>): Service {
  const own = named(services, stable);
  const like = own?.status === 'ACTIVE' && isOfNode(own.tags, { mesh, virtualNode: stable }) ? own : named(services, service);
  if (like?.status === 'ACTIVE') return like;
  throw new WorkloadFailed(`workload.service: ${service}: must be an active service of the cluster ${cluster}, as the new version's is made like it`);
}

const describeTaskDefinition = (ecs: Ecs, taskDefinition: string) => ecs<{ taskDefinition: TaskDefinition; tags?: Tag[] }>('DescribeTaskDefinition', { taskDefinition, include: ['TAGS'] });

/** The revision of this rollout: registering is not idempotent, so that the family's newest one is looked at first. */
async function ensureRevision(ecs: Ecs, like: Service, workload: Workload<EcsSettings>): Promise<string> {
  const from = await describeTaskDefinition(ecs, like.taskDefinition);
  const newest = await describeTaskDefinition(ecs, from.taskDefinition.family);
  if (isOfRollout(newest.tags, workload) && isOfNode(newest.tags, workload)) return newest.taskDefinition.taskDefinitionArn;
  const { taskDefinition } = await ecs<{ taskDefinition: TaskDefinition }>('RegisterTaskDefinition', nextRevision(from.taskDefinition, from.tags, workload));
  return taskDefinition.taskDefinitionArn;
}

async function makeOrUpdate(ecs: Ecs, services: readonly Service[], found: Service | undefined, workload: Workload<EcsSettings>): Promise<Service> {
  const like = findLike(services, workload);
  const revision = await ensureRevision(ecs, like, workload);
  if (found === undefined) return (await ecs<{ service: Service }>('CreateService', newService(like, revision, workload))).service;
  const { service } = await ecs<{ service: Service }>('UpdateService', nextDeployment(like, found, revision, workload));
  // Last: as long as it is another rollout's, it is updated.
  await ecs('TagResource', { resourceArn: found.serviceArn, tags: tagsFor(workload) });
  return service;
}

const NAME = /^[A-Za-z0-9_-]{1,255}$/;

async function up(ecs: Ecs, workload: Workload<EcsSettings>): Promise<void> {
  const { settings, stable, virtualNode } = workload;
  if (!NAME.test(virtualNode)) throw new WorkloadFailed(`canary.virtualNode: ${virtualNode}: must hold letters, digits, - and _ only, as the service of ECS has its name`);
  const services = await describe(ecs, settings.cluster, [virtualNode, stable, settings.service]);
  const found = named(services, virtualNode);
  if (found?.status === 'DRAINING') throw new WorkloadNotReady(`the service ${virtualNode} of an earlier rollout is on its way out`);
  if (found !== undefined && !isOfNode(found.tags, workload)) throw new WorkloadFailed(`the service ${virtualNode} is there already in the cluster ${settings.cluster}, and meshshift did not make it`);
  assertSteady(found !== undefined && isOfRollout(found.tags, workload) ? found : await makeOrUpdate(ecs, services, found, workload));
}

async function down(ecs: Ecs, { mesh, virtualNode, settings: { cluster } }: Version<EcsSettings>): Promise<void> {
  if (!NAME.test(virtualNode)) return;
  const found = named(await describe(ecs, cluster, [virtualNode]), virtualNode);
  // One that meshshift did not make is its owner's to scale down.
  if (found?.status !== 'ACTIVE' || !isOfNode(found.tags, { mesh, virtualNode })) return;
  await ecs('DeleteService', { cluster, service: virtualNode, force: true });
}

/**
 * A service of ECS for each version, named as its virtual node: made like the stable version's, of a new revision of its task definition. Asked again it goes on
 * where it was, and makes nothing twice.
 */
export function openEcsWorkloads(callAws: CallAws): WorkloadDriver<EcsSettings> {
  const ecs = ecsOf(callAws);
  return { up: (workload) => up(ecs, workload), down: (version) => down(ecs, version) };
}
