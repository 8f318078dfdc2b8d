import { pick, type Random } from '../support/generate-spec.ts';
import { METHODS, message, oddQuery, spoilPath, withBody, type Probe } from './probe.ts';
import { spoil } from './spoil.ts';

const STATE_MACHINE = 'arn:aws:states:us-east-1:000000000000:stateMachine:fuzz';
const EXECUTION = 'arn:aws:states:us-east-1:000000000000:execution:fuzz:one';
const DEFINITION = JSON.stringify({ QueryLanguage: 'JSONata', StartAt: 'a', States: { a: { Type: 'Pass', Output: '{% $states.input %}', End: true } } });

/** Good inputs of each operation of the JSON protocols, from which bad ones are made. */
const JSON_INPUTS: Readonly<Record<string, object>> = {
  'AWSStepFunctions.CreateStateMachine': { name: 'fuzz', definition: DEFINITION, roleArn: 'arn:aws:iam::000000000000:role/x', tags: [{ key: 'a', value: 'b' }] },
  'AWSStepFunctions.UpdateStateMachine': { stateMachineArn: STATE_MACHINE, definition: DEFINITION },
  'AWSStepFunctions.ValidateStateMachineDefinition': { definition: DEFINITION },
  'AWSStepFunctions.DescribeStateMachine': { stateMachineArn: STATE_MACHINE },
  'AWSStepFunctions.ListStateMachines': { maxResults: 1, nextToken: 'a' },
  'AWSStepFunctions.StartExecution': { stateMachineArn: STATE_MACHINE, name: 'one', input: '{}' },
  'AWSStepFunctions.DescribeExecution': { executionArn: EXECUTION },
  'AWSStepFunctions.ListExecutions': { stateMachineArn: STATE_MACHINE, statusFilter: 'RUNNING', maxResults: 1, nextToken: 'x' },
  'AWSStepFunctions.GetExecutionHistory': { executionArn: EXECUTION, reverseOrder: true, maxResults: 1, nextToken: 'x' },
  'AWSStepFunctions.StopExecution': { executionArn: EXECUTION, error: 'e', cause: 'c' },
  'AWSStepFunctions.SendTaskSuccess': { taskToken: 'abc', output: '{}' },
  'AWSStepFunctions.SendTaskFailure': { taskToken: 'abc', error: 'e' },
  'AWSStepFunctions.TagResource': { resourceArn: STATE_MACHINE, tags: [{ key: 'a', value: 'b' }] },
  'AWSStepFunctions.UntagResource': { resourceArn: STATE_MACHINE, tagKeys: ['a'] },
  'AWSStepFunctions.ListTagsForResource': { resourceArn: STATE_MACHINE },
  'AWSEvents.PutEvents': { Entries: [{ Source: 'fuzz', DetailType: 'Fuzz', Detail: '{"a":1}', Time: 1, Resources: ['x'] }] },
  'AWSEvents.TestEventPattern': { EventPattern: '{"source":[{"prefix":"a"}]}', Event: '{"id":"1","source":"a","detail":{}}' },
  'AWSEvents.PutRule': { Name: 'fuzz', EventPattern: '{"source":["fuzz-never"]}', State: 'DISABLED' },
  'AWSEvents.PutTargets': { Rule: 'fuzz', Targets: [{ Id: '1', Arn: STATE_MACHINE, Input: '{}', InputTransformer: { InputPathsMap: { a: '$.detail' }, InputTemplate: '<a>' } }] },
  'AWSEvents.ListRules': { NamePrefix: 'f', Limit: 1, NextToken: 'x' },
  'AWSEvents.ListTargetsByRule': { Rule: 'fuzz', Limit: 1 },
  'AWSEvents.RemoveTargets': { Rule: 'fuzz', Ids: ['1'] },
  'AWSEvents.CreateEventBus': { Name: 'fuzz' },
  'AWSEvents.ListEventBuses': { Limit: 1 },
  'AWSEvents.DeleteRule': { Name: 'fuzz' },
  'AWSStepFunctions.__proto__': {},
  'AWSEvents.toString': {},
  'AWSStepFunctions.': {},
  'DynamoDB_20120810.GetItem': { TableName: 'x' },
};

const jsonProbe = (random: Random): Probe => {
  const target = pick(random, Object.keys(JSON_INPUTS));
  const json = spoil(random, JSON_INPUTS[target] ?? {});
  const path = random() < 0.95 ? '/' : spoilPath(random, '/a');
  const bytes = message(withBody(random, { method: random() < 0.97 ? 'POST' : pick(random, ['PUT', 'GET', 'DELETE']), path, headers: [`x-amz-target: ${target}`] }, json));
  return { what: `${target} ${json.slice(0, 300)}`, bytes, manner: 'json', end: 'answered' };
};

const SCHEDULE = { ScheduleExpression: 'rate(1 days)', FlexibleTimeWindow: { Mode: 'OFF' }, State: 'DISABLED', Target: { Arn: STATE_MACHINE, RoleArn: 'arn:aws:iam::0:role/x', Input: '{}', RetryPolicy: { MaximumRetryAttempts: 1 } } };
const CANARY = { name: 'fuzz', image: { repository: 'r' }, target: { mesh: 'pgMesh', virtualRouter: 'r1', route: 'a' }, canary: { virtualNode: 'x{{tag}}' }, steps: [50, { weight: 100, bake: '1m' }], windows: ['Mon-Fri 09:00-16:00 Europe/Berlin'], analysis: { metrics: [{ name: 'errors', source: 'mesh', margin: '1%' }] } };

/** Paths of everything beside App Mesh, the method, and a good body where there is one. */
const PATHS: readonly (readonly [method: string, path: string, body?: object])[] = [
  ['PUT', '/meshshift/v1/endpoints/pgMesh/svcNode1', [{ ip: '127.0.0.1', port: 80 }]],
  ['GET', '/meshshift/v1/endpoints/pgMesh/svcNode1'],
  ['DELETE', '/meshshift/v1/endpoints/pgMesh/svcNode1'],
  ['GET', '/meshshift/v1/telemetry/pgMesh/svcNode1'],
  ['GET', '/meshshift/v1/propagation/pgMesh'],
  ['GET', '/meshshift/v1/metrics'],
  ['GET', '/meshshift/local/health'],
  ['GET', '/meshshift/local/workloads/pgMesh/svcNode1'],
  ['POST', '/schedules/fuzz', SCHEDULE],
  ['PUT', '/schedules/fuzz', SCHEDULE],
  ['GET', '/schedules/fuzz'],
  ['GET', '/schedules'],
  ['DELETE', '/schedules/fuzz'],
  ['POST', '/schedule-groups/fuzz', { Tags: [{ Key: 'a', Value: 'b' }] }],
  ['GET', '/schedule-groups'],
  ['GET', '/tags/arn:aws:scheduler:us-east-1:000000000000:schedule-group%2Ffuzz'],
  ['POST', '/tags/arn:aws:scheduler:us-east-1:000000000000:schedule-group%2Ffuzz', { Tags: [{ Key: 'a', Value: 'b' }] }],
  ['POST', '/2015-03-31/functions/none/invocations', {}],
  ['POST', '/2015-03-31/functions/meshshift-dev-mesh-review/invocations', { resources: [] }],
  ['GET', '/'],
  ['GET', '/favicon.ico'],
];
/** These go through a function in a thread of its own, and are slower. */
const ROLLOUT_PATHS: typeof PATHS = [
  ['GET', '/meshshift/v1/rollouts'],
  ['POST', '/meshshift/v1/rollouts', { definition: 'fuzz', image: { tag: 'v1' } }],
  ['POST', '/meshshift/v1/rollouts/plan', CANARY],
  ['GET', '/meshshift/v1/rollouts/fuzz-0000-1'],
  ['POST', '/meshshift/v1/rollouts/fuzz-0000-1/actions/abort', { reason: 'x', who: 'y' }],
  ['PUT', '/meshshift/v1/canaries/fuzz', CANARY],
  ['GET', '/meshshift/v1/canaries/fuzz'],
  ['PUT', '/meshshift/v1/freeze', { until: '2020-01-01T00:00:00Z', reason: 'x' }],
  ['DELETE', '/meshshift/v1/freeze'],
];

const pathProbe = (rows: typeof PATHS) => (random: Random): Probe => {
  const [usual, base, body] = pick(random, rows);
  const wrong = random();
  const path = `${wrong < 0.3 ? spoilPath(random, base) : base}${oddQuery(random)}`;
  const method = wrong > 0.85 ? pick(random, METHODS) : usual;
  const json = body === undefined ? '{}' : spoil(random, body);
  const bytes = message(body !== undefined || random() < 0.2 ? withBody(random, { method, path }, json) : { method, path });
  const manner = path.startsWith('/v20190125/') ? 'app-mesh' : 'json';
  return { what: `${method} ${path.slice(0, 200)} ${json.slice(0, 300)}`, bytes, manner, end: 'answered', toHead: method === 'HEAD' };
};

const FORMS = ['Action=GetCallerIdentity&Version=2011-06-15', 'Action=AssumeRole&RoleArn=x', 'Action=%ff%00<&Action=', 'Action', '&&=', ''];

const formProbe = (random: Random): Probe => {
  const form = `${pick(random, FORMS)}${random() < 0.2 ? `&x=${'%41'.repeat(Math.floor(random() * 2000))}` : ''}`;
  const bytes = message(withBody(random, { method: 'POST', path: '/', headers: ['content-type: application/x-www-form-urlencoded; charset=utf-8'] }, form));
  return { what: `form ${form.slice(0, 300)}`, bytes, manner: 'json', end: 'answered' };
};

/** A request to Step Functions, EventBridge, Scheduler, STS, Lambda, the extensions or the rollouts API with something wrong about it. */
export function serviceProbe(random: Random): Probe {
  const which = random();
  return (which < 0.55 ? jsonProbe : which < 0.58 ? formProbe : which < 0.95 ? pathProbe(PATHS) : pathProbe(ROLLOUT_PATHS))(random);
}
