import type { ResourceValues } from './intrinsics.ts';

/** One resource of a template, its variables resolved and its intrinsic functions not. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

export interface NamingScope {
  readonly region: string;
  readonly accountId: string;
}

type Values = (id: string, properties: Readonly<Record<string, unknown>>, scope: NamingScope) => ResourceValues;

const named =
  (nameProperty: string, service: string, resource: (name: string) => string, ref: 'name' | 'arn'): Values =>
  (id, properties, { region, accountId }) => {
    const name = typeof properties[nameProperty] === 'string' ? properties[nameProperty] : id;
    const arn = `arn:aws:${service}:${service === 'iam' ? '' : region}:${accountId}:${resource(name)}`;
    return { ref: ref === 'name' ? name : arn, attributes: { Arn: arn, Name: name } };
  };

/** Resource types that other resources may name: what Ref and Fn::GetAtt give of them on one machine. */
const VALUES: Readonly<Record<string, Values>> = {
  'AWS::Lambda::Function': named('FunctionName', 'lambda', (name) => `function:${name}`, 'name'),
  'AWS::StepFunctions::StateMachine': named('StateMachineName', 'states', (name) => `stateMachine:${name}`, 'arn'),
  'AWS::Events::Rule': named('Name', 'events', (name) => `rule/${name}`, 'name'),
  'AWS::Events::EventBus': named('Name', 'events', (name) => `event-bus/${name}`, 'name'),
  'AWS::Scheduler::ScheduleGroup': named('Name', 'scheduler', (name) => `schedule-group/${name}`, 'name'),
  'AWS::Scheduler::Schedule': (id, properties, scope) => {
    const { GroupName: group = 'default' } = properties;
    const { ref, attributes } = named('Name', 'scheduler', (name) => `schedule/${String(group)}/${name}`, 'name')(id, properties, scope);
    // A group that a function names is not known yet.
    return { ref, attributes: typeof group === 'string' ? attributes : {} };
  },
  'AWS::DynamoDB::Table': named('TableName', 'dynamodb', (name) => `table/${name}`, 'name'),
  'AWS::IAM::Role': named('RoleName', 'iam', (name) => `role/${name}`, 'name'),
  'AWS::SQS::Queue': named('QueueName', 'sqs', (name) => name, 'name'),
  'AWS::SecretsManager::Secret': named('Name', 'secretsmanager', (name) => `secret:${name}`, 'arn'),
  'AWS::Logs::LogGroup': named('LogGroupName', 'logs', (name) => `log-group:${name}:*`, 'name'),
};

/** Resource types that guard or observe on AWS and have nothing to do on one machine. */
const NEEDLESS: ReadonlySet<string> = new Set(['AWS::CloudFormation::CustomResource', 'AWS::CloudWatch::Alarm', 'AWS::CloudWatch::Dashboard', 'AWS::Logs::MetricFilter', 'AWS::IAM::ManagedPolicy', 'AWS::IAM::Policy', 'AWS::Lambda::EventInvokeConfig', 'AWS::Lambda::Permission', 'AWS::SQS::QueuePolicy']);

/** Whether the local runtime knows a type: one that it does not know is refused, never left out in silence. */
export const isKnownType = (type: string): boolean => type in VALUES || NEEDLESS.has(type);

/** What Ref and Fn::GetAtt of a resource give; undefined for a type that nothing can name. */
export const valuesOf = (id: string, { Type, Properties }: TemplateResource, scope: NamingScope): ResourceValues | undefined => VALUES[Type]?.(id, Properties, scope);
