import { AwsCallFailed, type CallAws, type Service as AwsService } from '../../src/aws/call.ts';
import type { Service, Tag, TaskDefinition } from '../../src/workloads/ecs/types.ts';

/** What a definition says to be brought up here. */
export const ecsWorkload = { type: 'ecs', cluster: 'c', service: 'stable', namespace: 'ns-1' };

/** How long tasks take to run, and to be gone. */
const STARTS_MS = 4000;
const DRAINS_MS = 2000;

interface Revision {
  readonly taskDefinition: TaskDefinition;
  readonly tags: readonly Tag[];
}

interface Kept {
  readonly service: Service;
  readonly token: string;
  /** From when on its tasks run, and are gone. */
  readonly steadyAt: number;
  goneAt: number;
}

interface Registry {
  readonly Id: string;
  readonly Arn: string;
  readonly Name: string;
  readonly Description: string;
  readonly CreatorRequestId: string;
}

type Operations = Readonly<Record<string, (input: never) => object>>;

const refuse = (code: string): never => {
  throw new AwsCallFailed(code, code, 400);
};

/** A cluster of ECS that runs the stable version, and a namespace of Cloud Map, as far as rollouts use them. */
export function memoryEcs(clock: () => number) {
  const family = 'app';
  const revisions: Revision[] = [];
  const services = new Map<string, Kept>();
  const registries = new Map<string, Registry>();

  const register = ({ tags, ...given }: { tags: readonly Tag[]; containerDefinitions: TaskDefinition['containerDefinitions'] }): Revision => {
    const revision = { taskDefinition: { ...given, family, taskDefinitionArn: `${family}:${revisions.length + 1}` }, tags };
    revisions.push(revision);
    return revision;
  };
  const create = ({ clientToken = '', ...given }: { serviceName: string; desiredCount: number; taskDefinition: string; clientToken?: string }, steadyAt = clock() + STARTS_MS): Kept => {
    const kept: Kept = { service: { ...given, serviceArn: given.serviceName, status: 'ACTIVE' }, token: clientToken, steadyAt, goneAt: Infinity };
    services.set(given.serviceName, kept);
    return kept;
  };
  const isThere = ({ goneAt }: Kept): boolean => clock() < goneAt;
  const told = ({ service, steadyAt, goneAt }: Kept): Service => {
    const isSteady = clock() >= steadyAt;
    const deployment = { status: 'PRIMARY', desiredCount: service.desiredCount, runningCount: isSteady ? service.desiredCount : 0, rolloutState: isSteady ? 'COMPLETED' : 'IN_PROGRESS' } as const;
    return { ...service, status: goneAt === Infinity ? 'ACTIVE' : 'DRAINING', deployments: [deployment] };
  };
  const find = (name: string): Kept | undefined => [services.get(name)].find((kept) => kept !== undefined && isThere(kept));

  register({ tags: [], containerDefinitions: [{ name: 'app', image: 'd:v0' }] });
  create({ serviceName: ecsWorkload.service, desiredCount: 2, taskDefinition: `${family}:1` }, clock());

  const ecs: Operations = {
    DescribeServices: ({ services: names }: { services: readonly string[] }) => ({ services: names.flatMap((name) => find(name) ?? []).map(told) }),
    DescribeTaskDefinition: ({ taskDefinition }: { taskDefinition: string }) => (taskDefinition === family ? revisions.at(-1)! : revisions.find(({ taskDefinition: { taskDefinitionArn } }) => taskDefinitionArn === taskDefinition)!),
    RegisterTaskDefinition: (input: Parameters<typeof register>[0]) => register(input),
    CreateService: (input: Parameters<typeof create>[0]) => {
      const found = find(input.serviceName);
      if (found !== undefined && found.token !== input.clientToken) refuse('InvalidParameterException');
      return { service: told(found ?? create(input)) };
    },
    DeleteService: ({ service: name }: { service: string }) => {
      const found = find(name) ?? refuse('ServiceNotFoundException');
      found.goneAt = Math.min(found.goneAt, clock() + DRAINS_MS);
      return { service: told(found) };
    },
  };
  const cloudMap: Operations = {
    GetNamespace: () => ({ Namespace: { Name: 'local' } }),
    ListServices: () => ({ Services: [...registries.values()] }),
    CreateService: (input: Omit<Registry, 'Id' | 'Arn'>) => {
      const found = registries.get(input.Name);
      if (found !== undefined && found.CreatorRequestId !== input.CreatorRequestId) refuse('ServiceAlreadyExists');
      const registry = found ?? { ...input, Id: input.Name, Arn: `registry/${input.Name}` };
      registries.set(input.Name, registry);
      return { Service: registry };
    },
    DeleteService: ({ Id }: { Id: string }) => {
      if (!registries.has(Id)) refuse('ServiceNotFound');
      const isUsed = [...services.values()].some((kept) => isThere(kept) && JSON.stringify(kept.service).includes(`registry/${Id}"`));
      if (isUsed) refuse('ResourceInUse');
      registries.delete(Id);
      return {};
    },
  };
  const SERVICES: Readonly<Partial<Record<AwsService, Operations>>> = { ecs, servicediscovery: cloudMap };

  const call: CallAws = async (service, operation, input) => {
    await Promise.resolve();
    const perform = SERVICES[service]?.[operation];
    if (perform === undefined) throw new Error(`nobody expects ${service} to be asked for ${operation}`);
    return perform(input as never);
  };
  return {
    call,
    /** What there is beside the stable version. */
    made: (): string[] => [...[...services].filter(([name, kept]) => name !== ecsWorkload.service && isThere(kept)).map(([name]) => name), ...[...registries.keys()].map((name) => `${name} in Cloud Map`)],
  };
}
