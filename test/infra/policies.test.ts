import { ScanCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { ListExecutionsCommand, SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silent } from '../../src/contracts/log.ts';
import type { Rollout } from '../../src/contracts/rollout.ts';
import { startRuntime, type Runtime } from '../../src/local/runtime.ts';
import { resources } from '../handlers/pgmesh.ts';
import { openRecorder, type AwsRecorder } from '../support/aws-recorder.ts';
import { describeWith } from '../support/components.ts';
import { hasDynamoDbLocal, startDynamoDbLocal, type DynamoDbLocal } from '../support/dynamodb-local.ts';
import { makeNamespace, openEcs, runService, type Ecs } from '../support/ecs.ts';
import { eventually } from '../support/eventually.ts';
import { hasMoto, startMoto, type Moto } from '../support/moto.ts';
import { ROOT } from './support/package-stack.ts';

interface Statement {
  readonly Action: readonly string[];
}
interface Resource {
  readonly Properties: { readonly Policies?: readonly { readonly PolicyDocument: { readonly Statement: readonly Statement[] } }[]; readonly PolicyDocument?: { readonly Statement: readonly Statement[] }; readonly Roles?: readonly { readonly Ref: string }[] };
}
const require = createRequire(import.meta.url);
const { roles } = require(join(ROOT, 'infra/roles.cjs')) as { roles: { Resources: Record<string, Resource> } };
const { ecs: workloads } = require(join(ROOT, 'infra/workloads.cjs')) as { ecs: { resources: { Resources: Record<string, Resource> } } };

/** What Lambda itself does with a function's role: no code asks for it. */
const BY_LAMBDA = new Set(['logs:CreateLogStream', 'logs:PutLogEvents', 'xray:PutTraceSegments', 'xray:PutTelemetryRecords', 'sqs:SendMessage']);

/** Every action that a function's role allows, with workloads on ECS. */
function allowedTo(name: string): string[] {
  const own = (roles.Resources[`${name}Role`]?.Properties.Policies ?? []).flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
  const added = Object.values(workloads.resources.Resources).flatMap(({ Properties: { Roles = [], PolicyDocument } }) => (Roles.some(({ Ref }) => Ref === `${name}Role`) ? (PolicyDocument?.Statement ?? []) : []));
  return [...new Set([...own, ...added].flatMap(({ Action }) => Action))].filter((action) => !BY_LAMBDA.has(action));
}
const FUNCTIONS = Object.keys(roles.Resources).flatMap((name) => (name.endsWith('Role') && !/StateMachine|Schedule(?!Fired)|ControlPlane/.test(name) ? [name.slice(0, -'Role'.length)] : []));

/** Allowed, and not asked for by what the test runs: each with the way to it. */
const OTHERWISE: readonly (readonly [RegExp, string])[] = [
  [/^(Plan|Finish|ExecutionStopped|Removal) (lambda:InvokeFunction|ecs:\w+|servicediscovery:\w+)$/, 'they take a version down as RollBack does, where they roll back or retire in its place'],
  [/^(Finish|ExecutionStopped) states:SendTaskSuccess$/, 'they wake the next in the queue of the route, as RollBack does'],
  [/^Queue (dynamodb:(Query|DeleteItem)|states:SendTaskSuccess)$/, 'it wakes the queue itself where the route was given free just before'],
  [/^Plan dynamodb:Query$/, 'it buries a rollout whose execution is over, and wakes the queue'],
  [/^Removal dynamodb:DeleteItem$/, 'it restores routes that ended rollouts left behind'],
  [/^Promote lambda:InvokeFunction$/, 'the hook before the first step is asked by whoever raises the weight first, a promotion by hand too'],
  [/^Bake (states:SendTask(Success|Failure)|cloudwatch:DescribeAlarms|dynamodb:Query)$/, 'what came before the bake was open, from others of its group too, ends it at once'],
  [/^(ShiftTraffic|Promote) states:SendTaskSuccess$/, 'they wake those of their group that waited for them'],
  [/^EnsureCanary ecs:UpdateService$/, 'the second attempt of a version finds the service of the first'],
  [/^AlarmRaised states:SendTaskSuccess$/, 'an alarm that is over ends the waits for it'],
  [/^Watch (dynamodb:UpdateItem|cloudwatch:GetMetricData|states:SendTask(Success|Failure))$/, 'a metric is asked for again when its period is over; a verdict ends the bake'],
  [/^ExecutionStopped states:StartExecution$/, 'a roll-back that something outside keeps from ending is left to an execution of its own'],
  [/^ScheduleFired (scheduler:(Get|Create|Update|Delete)Schedule|iam:PassRole)$/, 'a time of a schedule that the definition no longer has puts the schedules in step'],
  [/^Notify secretsmanager:GetSecretValue$/, 'webhooks have their URLs from the secret; Slack and Teams are not here'],
];

const json = (value: object): string => JSON.stringify(value);
const SECRETS: Readonly<Record<string, string>> = { TokenKey: Buffer.alloc(32, 7).toString('base64'), MeshKey: json({ accessKeyId: 'local', secretAccessKey: 'local' }), Webhooks: '{}' };
const PUBLISHED = '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>m</MessageId></PublishResult><ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></PublishResponse>';

/** What AWS answers where nothing here stands in for it. */
function answer(action: string, body: string): string {
  if (action === 'secretsmanager:GetSecretValue') return json({ SecretString: SECRETS[/secret:(\w+)/.exec(body)?.[1] ?? ''] ?? '' });
  if (action === 'sns:Publish') return PUBLISHED;
  if (action === 'lambda:InvokeFunction') return json({ outcome: 'pass' });
  if (action === 'ecr:DescribeImages') return json({ imageDetails: [{ imageTags: ['v8'], imageDigest: 'sha256:8', imagePushedAt: 1_767_225_600 }] });
  if (action === 'cloudwatch:DescribeAlarms') return json({ MetricAlarms: [{ AlarmName: 'a', StateValue: 'OK', StateUpdatedTimestamp: 1_767_225_600 }] });
  return json({ MetricDataResults: [] });
}

const definition = {
  name: 'svc1',
  image: { repository: 'svc1', tag: 'v*' },
  target: { mesh: 'pgMesh', virtualRouter: 'svcNode1', route: 'svcNode1' },
  canary: { virtualNode: 'svcNode1{{tag}}', hostname: 'svcNode1{{tag}}.pgMesh.local' },
  steps: [50],
  bake: '1s',
  analysis: { noTraffic: 'advance', metricsOutage: 'advance', minRequests: 1 },
};
const long = { ...definition, bake: '2h', deadline: '4h' };
const hook = 'meshshift-hook-a';

describeWith('DynamoDB Local and moto', hasDynamoDbLocal && hasMoto, 'what functions ask AWS for', () => {
  let folder: string;
  let dynamo: DynamoDbLocal;
  let moto: Moto;
  let ecs: Ecs;
  let runtime: Runtime;
  let recorder: AwsRecorder;
  let stepFunctions: SFNClient;
  let events: EventBridgeClient;
  const services: Record<string, string> = {};
  let table: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshshift-policies-'));
    [dynamo, moto] = await Promise.all([startDynamoDbLocal(), startMoto({ MOTO_ECS_SERVICE_RUNNING: '2' })]);
    table = await dynamo.createTable();
    recorder = await openRecorder({ services, answer });
    const asOnAws = (key: string) => ({
      AWS_ENDPOINT_URL: recorder.url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: key,
      AWS_SECRET_ACCESS_KEY: 'test',
      MESHSHIFT_TABLE: table,
    });
    runtime = await startRuntime({ port: 0, xdsPort: 0, dataFolder: folder, deploymentFile: join(ROOT, 'serverless.yml'), log: silent, asOnAws });
    Object.assign(services, { dynamodb: dynamo.url, states: runtime.url, events: runtime.url, scheduler: runtime.url, ecs: moto.url, servicediscovery: moto.url });
    ecs = await openEcs(moto);
    await runService(ecs, 'prod');
    const options = { endpoint: runtime.url, region: 'us-east-1', credentials: { accessKeyId: 'operator', secretAccessKey: 'test' } };
    [stepFunctions, events] = [new SFNClient(options), new EventBridgeClient(options)];
  }, 120_000);
  afterAll(async () => {
    stepFunctions.destroy();
    events.destroy();
    await runtime.close();
    await Promise.all([recorder.stop(), ecs.stop(), moto.stop(), dynamo.stop()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (method: string, path: string, body?: object): Promise<unknown> =>
    (await fetch(`${runtime.url}/meshshift/v1${path}`, { method, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: json(body) }) })).json();
  const invoke = async (name: string, event: object): Promise<unknown> => (await fetch(`${runtime.url}/2015-03-31/functions/meshshift-dev-${name}/invocations`, { method: 'POST', body: json(event) })).json();
  const arnOf = (machine: string): string => `arn:aws:states:us-east-1:000000000000:stateMachine:meshshift-dev-${machine}`;
  const start = (machine: string, input: object) => stepFunctions.send(new StartExecutionCommand({ stateMachineArn: arnOf(machine), input: json(input) }));
  const put = (DetailType: string, detail: object, more: object = {}) => events.send(new PutEventsCommand({ Entries: [{ Source: 'meshshift.sample', DetailType, Detail: json(detail), ...more }] }));
  const push = (tag: string) => put('ECR Image Action', { 'action-type': 'PUSH', result: 'SUCCESS', 'repository-name': 'svc1', 'image-tag': tag, 'image-digest': `sha256:${tag.slice(1).padStart(64, '0')}` });
  const define = (fields: object) => ask('PUT', '/canaries/svc1', fields);
  const when = (tag: string, holds: (rollout: Rollout) => boolean, what: string): Promise<Rollout> =>
    eventually(async () => {
      const { rollouts } = (await ask('GET', '/rollouts')) as { rollouts: Rollout[] };
      const id = rollouts.find(({ image }) => image.tag === tag)?.id;
      const rollout = id === undefined ? undefined : ((await ask('GET', `/rollouts/${id}`)) as Rollout);
      return rollout !== undefined && holds(rollout) ? rollout : undefined;
    }, what, 60_000);
  const ended = (tag: string, phase: Rollout['phase']) => when(tag, (rollout) => rollout.phase === phase, `${tag} to be ${phase}`);
  const baking = (tag: string) => when(tag, ({ bake, step }) => bake !== null && step === 0, `a bake of ${tag}`);
  const act = (id: string, action: string) => ask('POST', `/rollouts/${id}/actions/${action}`, {});

  const provisioned = (times: number) =>
    eventually(async () => ((await stepFunctions.send(new ListExecutionsCommand({ stateMachineArn: arnOf('provision'), statusFilter: 'SUCCEEDED' }))).executions?.length === times ? true : undefined), 'the mesh', 60_000);

  test('is run whole', async () => {
    const gateway = { meshName: 'pgMesh', virtualGatewayName: 'gw' };
    const more = [
      { create: 'CreateVirtualGateway', input: { ...gateway, spec: { listeners: [{ portMapping: { port: 8080, protocol: 'http' } }] } } },
      { create: 'CreateVirtualService', input: { meshName: 'pgMesh', virtualServiceName: 'svc.local', spec: { provider: { virtualRouter: { virtualRouterName: 'svcNode1' } } } } },
      { create: 'CreateGatewayRoute', input: { ...gateway, gatewayRouteName: 'all', spec: { httpRoute: { match: { prefix: '/' }, action: { target: { virtualService: { virtualServiceName: 'svc.local' } } } } } } },
    ];
    await start('provision', { resources: [...resources.filter(({ create }) => create !== 'CreateVirtualService'), ...more] });
    await provisioned(1);
    await invoke('delete', more[2]!);
    const route = resources.find(({ create }) => create === 'CreateRoute')!;
    await start('provision', { resources: [{ ...route, input: { ...route.input, spec: { ...route.input.spec, priority: 8 } } }] });
    await provisioned(2);

    const namespace = await makeNamespace(moto, 'pgMesh.local');
    // Promoted, with hooks, alarms, a topic and a service of ECS; then undone.
    const notifications = [{ sns: 'meshshift-a', on: ['started', 'promoted'] }];
    await define({ ...definition, lockstep: 'shop', notifications, hooks: { before: hook, step: hook, after: hook }, alarms: ['a'], workload: { type: 'ecs', cluster: 'prod', service: 'svc1', namespace }, afterPromotion: { bake: '1s' } });
    await push('v2');
    await act((await ended('v2', 'Succeeded')).id, 'undo');
    await ended('v2', 'RolledBack');

    // Aborted, where a function brought the version up; then one replaced by the next, which an alarm rolls back.
    const byFunction = { ...long, alarms: { names: ['a'], alreadyRaised: 'ignore' }, workload: { type: 'lambda', function: hook } };
    await define(byFunction);
    await push('v3');
    await act((await baking('v3')).id, 'abort');
    await ended('v3', 'RolledBack');
    await push('v4');
    await baking('v4');
    await push('v5');
    await baking('v5');
    await put('CloudWatch Alarm State Change', { alarmName: 'a', state: { value: 'ALARM', reason: 'too many' } });
    await ended('v5', 'RolledBack');

    // Stopped from outside.
    await push('v6');
    await stepFunctions.send(new StopExecutionCommand({ executionArn: (await baking('v6')).executionArn }));
    await ended('v6', 'RolledBack');

    // By a schedule, judged by metrics of CloudWatch, the version before it deleted.
    const metrics = [{ name: 'own', source: 'cloudwatch', bad: 'SELECT SUM(Bad) FROM Shop', total: 'SELECT SUM(All) FROM Shop', max: '5%' }];
    const scheduled = { ...byFunction, schedule: { start: 'rate(1 day)' }, advance: { schedule: 'rate(1 day)' }, deadline: '9d', analysis: { ...definition.analysis, metrics }, afterPromotion: { retireStable: 'delete' } };
    await define(scheduled);
    await define({ ...scheduled, schedule: { start: 'rate(2 days)' } });
    const fire = (schedule: string) => invoke('scheduleFired', { schedule, definition: 'svc1', at: new Date().toISOString(), run: schedule });
    await fire('start');
    const { id } = await baking('v8');
    await invoke('watch', { watch: id, bake: 0 });
    await fire('advance');
    await ended('v8', 'Succeeded');
    await invoke('watch', { watch: id, bake: 0 });

    // By the deployment of a service.
    await define({ ...definition, image: { repository: 'svc1' }, trigger: { ecs: { cluster: 'prod', service: 'svc1' } } });
    await put('ECS Deployment State Change', { eventName: 'SERVICE_DEPLOYMENT_COMPLETED' }, { Resources: ['arn:aws:ecs:us-east-1:123456789012:service/prod/svc1'] });
    await ended('v1', 'Succeeded');

    // One that waits is woken by the roll-back of the one before it; the stack is removed while one bakes and another waits for it.
    const documents = dynamo.client();
    const queued = () => eventually(async () => ((await documents.send(new ScanCommand({ TableName: table }))).Items?.some(({ pk }) => pk?.S?.startsWith('queue')) ? true : undefined), 'a place in the queue', 30_000);
    await define({ ...byFunction, concurrency: 'queue' });
    await push('v9');
    const { id: first } = await baking('v9');
    await push('v10');
    await queued();
    await act(first, 'abort');
    await baking('v10');
    await push('v11');
    await queued();
    documents.destroy();
    await invoke('removal', { RequestType: 'Delete', ResponseURL: `${recorder.url}/answer`, StackId: 's', RequestId: 'r', LogicalResourceId: 'Removal' });
    await ask('PUT', '/freeze', { reason: 'incident' });
    await ask('DELETE', '/freeze');
    await ask('DELETE', '/canaries/svc1');
    await invoke('delete', route);
    expect(recorder.put.map((text) => (JSON.parse(text) as { Status: string }).Status)).toEqual(['SUCCESS']);
  }, 300_000);

  test('is what their roles allow, and nothing is allowed in vain', () => {
    const told = FUNCTIONS.flatMap((name) => {
      const allowed = allowedTo(name);
      const made = [...(recorder.made.get(name.charAt(0).toLowerCase() + name.slice(1)) ?? [])];
      const beyond = made.filter((action) => !allowed.includes(action)).map((action) => `${name} asks for ${action}, which its role does not allow`);
      const vain = allowed.filter((action) => !made.includes(action) && !OTHERWISE.some(([pattern]) => pattern.test(`${name} ${action}`))).map((action) => `${name} may ${action}, and nothing asks for it`);
      return [...beyond, ...vain];
    });
    expect(told).toEqual([]);
    expect(FUNCTIONS.length).toBeGreaterThan(25);
  });

  test('every reason is about something that a role allows', () => {
    const all = FUNCTIONS.flatMap((name) => allowedTo(name).map((action) => `${name} ${action}`));
    expect(OTHERWISE.filter(([pattern]) => !all.some((each) => pattern.test(each)))).toEqual([]);
  });
});
