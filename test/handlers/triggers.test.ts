import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { readDeployment } from '../../src/local/deployment/read-deployment.ts';
import { compilePattern } from '../../src/local/events/pattern.ts';
import { describeWith } from '../support/components.ts';
import { useEcs, type EcsOfTest } from '../support/ecs.ts';
import { hasMoto } from '../support/moto.ts';
import { functions } from './functions.ts';
import { define, provision } from './pgmesh.ts';
import { openWorld, type World } from './world.ts';

const EVENTS = new URL('../events/', import.meta.url);
const { rules } = readDeployment({ file: fileURLToPath(new URL('../../serverless.yml', import.meta.url)), region: 'us-east-1', accountId: '000000000000' });
const matchers = rules.map(({ name, eventBusName, eventPattern }) => ({ name: name.replace('meshshift-dev-', ''), bus: eventBusName, matches: compilePattern(eventPattern) }));
const takenBy = (event: unknown, bus = 'default'): string[] => matchers.filter((rule) => rule.bus === bus && rule.matches(event)).map(({ name }) => name);

interface Entry {
  readonly Source: string;
  readonly DetailType: string;
  readonly Detail: string;
  readonly Resources?: readonly string[];
}
interface Event {
  readonly source: string;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly [field: string]: unknown;
}

/** An event as the bus hands it on, of what PutEvents takes, or as it is delivered. */
function sample(file: string): Event {
  const read = JSON.parse(readFileSync(new URL(file, EVENTS), 'utf8')) as Event | [Entry];
  if (!Array.isArray(read)) return read;
  const { Source, DetailType, Detail, Resources = [] } = (read)[0];
  return { version: '0', id: 'e', account: '000000000000', region: 'us-east-1', time: '2026-01-01T00:00:00Z', source: Source, 'detail-type': DetailType, resources: Resources, detail: JSON.parse(Detail) as Event['detail'] };
}
const from = (file: string, changed: object): Event => ({ ...sample(file), ...changed });
const withDetail = (file: string, changed: object): Event => from(file, { detail: { ...sample(file).detail, ...changed } });

/** Which rule takes each sample, and the source by which AWS itself sends it. */
const TAKEN: Readonly<Record<string, { readonly rule: string; readonly aws: string }>> = {
  'image-push.json': { rule: 'image-pushed', aws: 'aws.ecr' },
  'image-push-by-digest.json': { rule: 'image-pushed', aws: 'aws.ecr' },
  'deployment-completed.json': { rule: 'deployment-changed', aws: 'aws.ecs' },
  'alarm-raised.json': { rule: 'alarm-raised', aws: 'aws.cloudwatch' },
  'execution-stopped.json': { rule: 'execution-stopped', aws: 'aws.states' },
};
/** Inputs of a state machine and of a function: no events. */
const INPUTS = ['schedule-fired.json', 'start-rollout.json'];

describe('the rules on the default bus', () => {
  test('have a sample each, which one rule alone takes, from AWS as well as from the samples', () => {
    expect(readdirSync(EVENTS).toSorted()).toEqual([...Object.keys(TAKEN), ...INPUTS].toSorted());
    for (const [file, { rule, aws }] of Object.entries(TAKEN)) {
      expect(takenBy(sample(file))).toEqual([rule]);
      expect(takenBy(from(file, { source: aws }))).toEqual([rule]);
    }
    expect([...new Set(Object.values(TAKEN).map(({ rule }) => rule))].toSorted()).toEqual(matchers.filter(({ bus }) => bus === 'default').map(({ name }) => name).toSorted());
  });

  test.each<[string, Event]>([
    ['an image that was deleted', withDetail('image-push.json', { 'action-type': 'DELETE' })],
    ['a push that failed', withDetail('image-push.json', { result: 'FAILURE' })],
    ['a scan of an image', from('image-push.json', { 'detail-type': 'ECR Image Scan' })],
    ['a push that somebody else tells', from('image-push.json', { source: 'shop.ecr' })],
    ['a deployment that has begun', withDetail('deployment-completed.json', { eventName: 'SERVICE_DEPLOYMENT_IN_PROGRESS' })],
    ['a deployment that failed', withDetail('deployment-completed.json', { eventName: 'SERVICE_DEPLOYMENT_FAILED' })],
    ['a task of ECS', from('deployment-completed.json', { 'detail-type': 'ECS Task State Change' })],
    ['a change of an alarm’s settings', from('alarm-raised.json', { 'detail-type': 'CloudWatch Alarm Configuration Change' })],
    ['an alarm of another product', from('alarm-raised.json', { source: 'shop' })],
    ['an execution that succeeded', withDetail('execution-stopped.json', { status: 'SUCCEEDED' })],
    ['an execution that runs', withDetail('execution-stopped.json', { status: 'RUNNING' })],
    ['an execution of another state machine', withDetail('execution-stopped.json', { stateMachineArn: 'arn:aws:states:us-east-1:000000000000:stateMachine:shop' })],
    ['an execution that a sample tells, which could roll back what runs', from('execution-stopped.json', { source: 'meshshift.sample' })],
    ['an event of a rollout on a bus that is not its own', { source: 'meshshift', 'detail-type': 'Rollout Started', detail: {} }],
  ])('leave alone %s', (_, event) => expect(takenBy(event)).toEqual([]));

  test('the bus of rollouts: events of rollouts alone', () => {
    const bus = 'meshshift-dev';
    expect(takenBy({ source: 'meshshift', 'detail-type': 'Rollout Started', detail: {} }, bus)).toEqual(['notify']);
    expect(takenBy({ source: 'shop', 'detail-type': 'Rollout Started', detail: {} }, bus)).toEqual([]);
    expect(takenBy({ source: 'meshshift', 'detail-type': 'Mesh Changed', detail: {} }, bus)).toEqual([]);
  });
});

describeWith('moto', hasMoto, 'a completed deployment of ECS', () => {
  const context = { functionName: 'DeploymentChanged', awsRequestId: 'test' };
  let world: World;
  let { ecs, cluster } = {} as EcsOfTest;
  const ofTest = useEcs();
  beforeEach(async () => {
    ({ ecs, cluster } = ofTest());
    world = await openWorld({ speed: 40 });
  });
  afterEach(() => world.stop());
  const completed = (service: string) =>
    functions['DeploymentChanged']!(from('deployment-completed.json', { source: 'aws.ecs', resources: [`arn:aws:ecs:us-east-1:123456789012:service/${cluster}/${service}`] }), context) as Promise<{ rollouts: { id: string; started: boolean }[] }>;

  test('starts a rollout of the version that the service runs, once', async () => {
    await provision(world, { steps: [100], bake: '5s', trigger: { ecs: { cluster, service: 'svc*' } } });
    const { rollouts } = await completed('svc1');
    const id = rollouts[0]!.id;
    expect(rollouts).toEqual([{ id, started: true }]);
    // While it runs Step Functions answers the same start as if it were the first.
    expect((await completed('svc1')).rollouts).toMatchObject([{ id }]);
    expect(await world.ended(`${world.arn('canary').replace('stateMachine', 'execution')}:${id}`)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await world.rollout(id)).toMatchObject({ canary: 'svcNode1v1', image: { repository: 'svc1', tag: 'v1' }, trigger: 'deployment of svc1 (aws.ecs)' });
    expect((await completed('svc1')).rollouts).toEqual([{ id, started: false }]);
  });

  test('of a service that no definition names starts nothing, and ECS is not asked', async () => {
    await provision(world, { trigger: { ecs: { cluster, service: 'other' } } });
    expect(await completed('svc1')).toEqual({ rollouts: [] });
    await define(world);
    expect(await completed('svc1')).toEqual({ rollouts: [] });
    expect(ecs.asked).toEqual([]);
  });

  test('that runs no image of the definition starts nothing; nor does a push where deployments start rollouts', async () => {
    await provision(world, { image: { repository: 'svc1', tag: 'v9' }, trigger: { ecs: { cluster, service: 'svc1' } } });
    expect(await completed('svc1')).toEqual({ rollouts: [] });
    await define(world, { trigger: { ecs: { cluster, service: 'svc1' } } });
    expect(await functions['ImagePushed']!(sample('image-push.json'), context)).toEqual({ rollouts: [] });
  });

  test('cannot be looked at where nothing serves ECS, which is said', async () => {
    delete process.env['AWS_ENDPOINT_URL_ECS'];
    await provision(world, { trigger: { ecs: { cluster, service: 'svc1' } } });
    await expect(completed('svc1')).rejects.toThrow(/ECS is not served on this machine/);
  });
});
