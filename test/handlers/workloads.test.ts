import { DescribeServicesCommand, DescribeTaskDefinitionCommand, UpdateServiceCommand, type Service, type TaskDefinition } from '@aws-sdk/client-ecs';
import { describeWith } from '../support/components.ts';
import { makeNamespace, registriesIn, useEcs, type EcsOfTest } from '../support/ecs.ts';
import { eventually } from '../support/eventually.ts';
import { hasMoto } from '../support/moto.ts';
import { functions } from './functions.ts';
import { provision, pushOf, routeOf } from './pgmesh.ts';
import { openWorld, type World } from './world.ts';

const context = { functionName: 'ImagePushed', awsRequestId: 'test', getRemainingTimeInMillis: () => 30_000 };
const DIGEST = `sha256:${'a'.repeat(64)}`;

let world: World;
const push = async (tag: string, digest = DIGEST): Promise<string> => ((await functions['ImagePushed']!(pushOf(tag, digest), context)) as { rollouts: { id: string }[] }).rollouts[0]!.id;
const ended = (id: string) => world.ended(`${world.arn('canary').replace('stateMachine', 'execution')}:${id}`);
/** Pushes a version that is rolled back for a reason before anything is done to the route. */
async function expectUntouched(tag: string, reason: RegExp): Promise<void> {
  const before = JSON.stringify(await routeOf(world));
  const { error, cause } = await ended(await push(tag));
  expect(error).toBe('RolledBack');
  expect(cause).toMatch(reason);
  expect(JSON.stringify(await routeOf(world))).toBe(before);
  expect(world.calls.filter(({ name }) => name === 'ShiftTraffic')).toEqual([]);
}
const FAST = { steps: [50, 100], bake: '5s' };

describeWith('moto', hasMoto, 'a workload on ECS', () => {
  let { moto, ecs, cluster } = {} as EcsOfTest;
  const ofTest = useEcs();
  beforeEach(async () => {
    ({ moto, ecs, cluster } = ofTest());
    world = await openWorld({ speed: 40 });
  });
  afterEach(() => world.stop());

  const settings = (more: object = {}) => ({ type: 'ecs', cluster, service: 'svc1', ...more });
  const serviceOf = async (name: string): Promise<Service | undefined> => (await ecs.client.send(new DescribeServicesCommand({ cluster, services: [name], include: ['TAGS'] }))).services?.find(({ status }) => status === 'ACTIVE');
  const revisionOf = async ({ taskDefinition }: Service): Promise<TaskDefinition> => (await ecs.client.send(new DescribeTaskDefinitionCommand({ taskDefinition }))).taskDefinition!;

  /** The canary's service runs `running` of its tasks for so many looks; ECS says `reason`. */
  const notSteady = (looks: number, deployment: object = {}): void => {
    let left = looks;
    ecs.change = async (operation, _, answer) => {
      if (operation !== 'DescribeServices' && operation !== 'CreateService') return undefined;
      const { status, body } = await answer();
      const text = JSON.stringify(body, (_key, value: unknown) => {
        const service = value as { serviceName?: string; deployments?: object[] } | null;
        if (service?.serviceName !== 'svcNode1v2' || left <= 0) return value;
        left -= 1;
        return { ...service, deployments: [{ ...service.deployments?.[0], runningCount: 1, rolloutState: 'IN_PROGRESS', ...deployment }], events: [{ message: '(service svcNode1v2) has started 1 tasks' }] };
      });
      return { status, body: JSON.parse(text) as Record<string, unknown> };
    };
  };

  test('is brought up from the pushed image before the weight rises, like the stable one but for where that is found, and stays when it is promoted', async () => {
    notSteady(3);
    await provision(world, { ...FAST, workload: settings() });
    const id = await push('v2');
    const waiting = await eventually(async () => {
      const rollout = await world.rollout(id);
      return 'phase' in rollout && rollout.reason.includes('runs 1 of 2 tasks') ? rollout : undefined;
    }, 'a wait for the tasks');
    expect(waiting).toMatchObject({ phase: 'Pending', reason: expect.stringContaining('has started 1 tasks') as string });
    expect(JSON.stringify(await routeOf(world))).not.toContain('svcNode1v2');
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED', output: { phase: 'Succeeded' } });

    const service = (await serviceOf('svcNode1v2'))!;
    expect(service).toMatchObject({ desiredCount: 2, launchType: 'FARGATE', loadBalancers: [], serviceRegistries: [] });
    expect(service.tags).toEqual([{ key: 'team', value: 'one' }, { key: 'meshshift:virtual-node', value: 'pgMesh/svcNode1v2' }, { key: 'meshshift:rollout', value: id }]);
    const { containerDefinitions = [], ...task } = await revisionOf(service);
    expect(task).toMatchObject({ family: cluster, revision: 2, cpu: '256', networkMode: 'awsvpc', executionRoleArn: 'arn:aws:iam::123456789012:role/svc1-execution', proxyConfiguration: { containerName: 'envoy' } });
    expect(containerDefinitions[0]).toMatchObject({ image: `123456789012.dkr.ecr.us-east-1.amazonaws.com/svc1@${DIGEST}`, environment: [{ name: 'COLOUR', value: 'blue' }] });
    expect(containerDefinitions[1]).toMatchObject({ image: '123456789012.dkr.ecr.us-east-1.amazonaws.com/envoy:v1.40', environment: [{ name: 'APPMESH_RESOURCE_ARN', value: 'arn:aws:appmesh:us-east-1:123456789012:mesh/pgMesh/virtualNode/svcNode1v2' }] });
    expect(await serviceOf('svc1')).toMatchObject({ desiredCount: 2 });
    // However often it was asked.
    expect([ecs.count('RegisterTaskDefinition'), ecs.count('CreateService'), ecs.count('UpdateService')]).toEqual([1, 1, 0]);
  });

  test('is made like the version that serves now, which is retired with its service where asked; what meshshift did not make is left alone', async () => {
    await provision(world, { ...FAST, workload: settings({ desiredCount: 1 }), afterPromotion: { retireStable: 'delete' } });
    expect(await ended(await push('v2'))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await serviceOf('svc1')).toBeDefined();
    await ecs.client.send(new UpdateServiceCommand({ cluster, service: 'svc1', desiredCount: 0 }));
    expect(await ended(await push('v3', `sha256:${'b'.repeat(64)}`))).toMatchObject({ status: 'SUCCEEDED' });
    expect(await serviceOf('svcNode1v2')).toBeUndefined();
    const { containerDefinitions = [] } = await revisionOf((await serviceOf('svcNode1v3'))!);
    expect(containerDefinitions.map(({ image = '' }) => image.slice(image.indexOf('/') + 1, image.indexOf('/') + 16))).toEqual(['svc1@sha256:bbb', 'envoy:v1.40']);
    expect(containerDefinitions[1]?.environment?.[0]?.value).toMatch(/virtualNode\/svcNode1v3$/);
  });

  test('of a bad version is taken away by the roll-back', async () => {
    await provision(world, { ...FAST, workload: settings() });
    const before = JSON.stringify(await routeOf(world));
    world.errorRates.set('svcNode1v2', 0.5);
    expect(await ended(await push('v2'))).toMatchObject({ status: 'FAILED', error: 'RolledBack' });
    expect(JSON.stringify(await routeOf(world))).toBe(before);
    expect(await serviceOf('svcNode1v2')).toBeUndefined();
    expect(await serviceOf('svc1')).toMatchObject({ desiredCount: 2 });
  });

  test('is found by a registry of its own in a namespace, which goes with it', async () => {
    const namespace = await makeNamespace(moto, 'pgMesh.local');
    await provision(world, { ...FAST, workload: settings({ namespace }), afterPromotion: { retireStable: 'delete' } });
    expect(await ended(await push('v2'))).toMatchObject({ status: 'SUCCEEDED' });
    const registries = await registriesIn(moto, namespace);
    expect(Object.keys(registries)).toEqual(['svcNode1v2']);
    expect((await serviceOf('svcNode1v2'))!.serviceRegistries).toEqual([{ registryArn: registries['svcNode1v2'] }]);
    world.errorRates.set('svcNode1v3', 0.5);
    expect(await ended(await push('v3', `sha256:${'b'.repeat(64)}`))).toMatchObject({ error: 'RolledBack' });
    expect(Object.keys(await registriesIn(moto, namespace))).toEqual(['svcNode1v2']);
    expect(await ended(await push('v4', `sha256:${'c'.repeat(64)}`))).toMatchObject({ status: 'SUCCEEDED' });
    expect(Object.keys(await registriesIn(moto, namespace))).toEqual(['svcNode1v4']);
  });

  test.each<[string, () => void, object, RegExp]>([
    ['whose tasks ECS gives up', () => notSteady(999, { rolloutState: 'FAILED', rolloutStateReason: 'tasks failed to start: CannotPullContainerError.' }), {}, /WorkloadFailed: the service svcNode1v2 cannot run its tasks: tasks failed to start: CannotPullContainerError/],
    ['that never gets steady', () => notSteady(999, { failedTasks: 3 }), { readyWithin: '1s' }, /WorkloadFailed: svcNode1v2 does not serve within 1s: the service svcNode1v2 runs 1 of 2 tasks, and 3 failed: .*has started 1 tasks/],
    ['of an image that no container runs', () => undefined, { container: 'web' }, /workload\.container: web: must be a container of the task definition prod\d+, whose containers are app, envoy/],
    ['made like a service that is not there', () => undefined, { service: 'svc9' }, /workload\.service: svc9: must be an active service of the cluster/],
  ])('%s rolls back with the reason, and the route is never touched', async (_, arrange, more, reason) => {
    arrange();
    await provision(world, { ...FAST, workload: settings(more) });
    await expectUntouched('v2', reason);
    expect(await serviceOf('svcNode1v2')).toBeUndefined();
  });

  test('is given up while it is waited for when a person aborts', async () => {
    notSteady(9999);
    await provision(world, { ...FAST, workload: settings() });
    const id = await push('v2');
    await eventually(async () => {
      const rollout = await world.rollout(id);
      return 'phase' in rollout && rollout.history.some(({ kind }) => kind === 'waiting') ? true : undefined;
    }, 'a wait');
    await world.api('POST', `/rollouts/${id}/actions/abort`, { who: 'ann', reason: 'wrong branch' });
    expect(await ended(id)).toMatchObject({ error: 'RolledBack', cause: expect.stringContaining('RolloutAborted: by ann: wrong branch') as string });
    expect(await serviceOf('svcNode1v2')).toBeUndefined();
  });

  test.each(['RegisterTaskDefinition', 'CreateService'])('is made once when the answer to %s is lost, and the step is tried again', async (lost) => {
    let left = 3;
    ecs.change = async (operation, _, answer) => {
      if (operation !== lost || left-- <= 0) return undefined;
      await answer();
      return { status: 500, body: { __type: 'ServerException', message: 'lost' } };
    };
    await provision(world, { ...FAST, workload: settings() });
    expect(await ended(await push('v2'))).toMatchObject({ status: 'SUCCEEDED' });
    const service = (await serviceOf('svcNode1v2'))!;
    expect(service.tags).toContainEqual({ key: 'meshshift:virtual-node', value: 'pgMesh/svcNode1v2' });
    expect((await revisionOf(service)).revision).toBe(2);
  });

  test('that someone else made by the same name is not taken', async () => {
    await provision(world, { ...FAST, canary: { virtualNode: 'svc{{tag}}', hostname: 'svc{{tag}}.pgMesh.local' }, image: { repository: 'svc1', tag: '*' }, workload: settings() });
    const { cause } = await ended(await push('1'));
    expect(cause).toContain('the service svc1 is there already');
    expect(await serviceOf('svc1')).toMatchObject({ desiredCount: 2 });
  });

  test('is refused where nothing serves ECS', async () => {
    delete process.env['AWS_ENDPOINT_URL_ECS'];
    await provision(world, { ...FAST, workload: settings() });
    expect((await ended(await push('v2'))).cause).toContain('ECS is not served on this machine: start `meshshift up` with AWS_ENDPOINT_URL_ECS');
  });
});

describe('a workload by a function', () => {
  beforeEach(async () => {
    world = await openWorld({ speed: 40 });
  });
  afterEach(() => world.stop());
  const workload = { type: 'lambda', function: 'meshshift-hook-up' };
  const hook = (answer: (event: { workload: string }, nth: number) => unknown): { workload: string }[] => {
    const asked: { workload: string }[] = [];
    world.hooks.set('meshshift-hook-up', (event) => answer(event as { workload: string }, asked.push(event as { workload: string })));
    return asked;
  };

  test('is asked until it says pass, and asked to take the stable one down at the end', async () => {
    const asked = hook((_, nth) => ({ outcome: nth < 3 ? 'inconclusive' : 'pass', reason: nth < 3 ? 'starting' : '' }));
    await provision(world, { ...FAST, workload, afterPromotion: { retireStable: 'delete' } });
    const id = await push('v2');
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
    const up = { workload: 'up', rollout: id, definition: 'svc1', mesh: 'pgMesh', virtualNode: 'svcNode1v2', hostname: 'svcNode1v2.pgMesh.local', stable: 'svcNode1', image: { repository: 'svc1', tag: 'v2', digest: DIGEST } };
    expect(asked).toEqual([up, up, up, { workload: 'down', rollout: id, definition: 'svc1', mesh: 'pgMesh', virtualNode: 'svcNode1', hostname: null }]);
    expect((await world.rollout(id)).history.map(({ kind, reason }) => `${kind}: ${reason}`)).toContain('waiting: the function meshshift-hook-up says inconclusive: starting');
  });

  test.each<[string, (nth: number) => unknown, RegExp]>([
    ['says fail', () => ({ outcome: 'fail', reason: 'no capacity' }), /WorkloadFailed: the function meshshift-hook-up says fail: no capacity/],
    ['is not there', () => undefined, /WorkloadFailed: the function meshshift-hook-up could not be asked/],
    ['never gets ready', () => ({ outcome: 'inconclusive', reason: 'starting' }), /WorkloadFailed: svcNode1v2 does not serve within 1s: the function meshshift-hook-up says inconclusive: starting/],
  ])('that %s rolls back with its reason, and the route is never touched', async (_, answer, reason) => {
    hook(({ workload: asked }, nth) => (asked === 'down' ? { outcome: 'pass' } : answer(nth)));
    await provision(world, { ...FAST, workload: { ...workload, readyWithin: '1s' } });
    await expectUntouched('v2', reason);
  });
});
