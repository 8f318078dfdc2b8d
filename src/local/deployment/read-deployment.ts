import { dirname, resolve } from 'node:path';
import * as z from 'zod/mini';
import { isRecord } from '../../contracts/is-record.ts';
import { DeploymentError } from './errors.ts';
import { resolveIntrinsics, type IntrinsicScope, type ResourceValues } from './intrinsics.ts';
import { isKnownType, valuesOf, type TemplateResource } from './resources.ts';
import { Variables } from './variables.ts';

/** A Lambda function as the local host runs it. */
export interface DeployedFunction {
  /** Its key in serverless.yml, such as `shiftTraffic`. */
  readonly key: string;
  readonly name: string;
  readonly arn: string;
  /** Absolute path of the module, and the name of the function it exports. */
  readonly module: string;
  readonly exportName: string;
  /** Exactly what serverless.yml gives it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  /** HTTP API routes that reach it. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

export interface DeployedStateMachine {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** JSON text, substitutions filled in. */
  readonly definition: string;
}

export interface RuleTarget {
  readonly Id: string;
  readonly Arn: string;
  readonly Input?: string | undefined;
  readonly InputPath?: string | undefined;
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: number | undefined; readonly MaximumEventAgeInSeconds?: number | undefined } | undefined;
}

export interface DeployedRule {
  readonly logicalId: string;
  readonly name: string;
  readonly eventBusName: string;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly eventPattern: unknown;
  /** As PutTargets takes them. */
  readonly targets: readonly RuleTarget[];
}

export interface DeployedSchedule {
  readonly logicalId: string;
  /** As CreateSchedule takes it. */
  readonly input: Readonly<Record<string, unknown>>;
}

export interface DeployedBus {
  readonly logicalId: string;
  readonly name: string;
}

export interface DeployedScheduleGroup {
  readonly logicalId: string;
  readonly name: string;
}

/** What `meshshift up` takes from serverless.yml: the same that deploys to AWS. */
export interface Deployment {
  readonly service: string;
  readonly stage: string;
  readonly functions: readonly DeployedFunction[];
  readonly stateMachines: readonly DeployedStateMachine[];
  readonly buses: readonly DeployedBus[];
  readonly rules: readonly DeployedRule[];
  readonly scheduleGroups: readonly DeployedScheduleGroup[];
  readonly schedules: readonly DeployedSchedule[];
}

export interface ReadDeploymentOptions {
  /** Path of serverless.yml. */
  readonly file: string;
  readonly region: string;
  readonly accountId: string;
  readonly stage?: string;
  /** Values of `${param:…}`. */
  readonly params?: Readonly<Record<string, string>>;
}

const text = z.string('must be a text');
const environment = z.record(z.string(), z.unknown());
const route = z.object({ method: text, path: text });

const configuration = z.object({
  service: text,
  provider: z.object({
    stage: text,
    memorySize: z._default(z.number(), 1024),
    timeout: z._default(z.number(), 6),
    environment: z._default(environment, {}),
  }),
  functions: z.record(
    z.string(),
    z.object({
      handler: text.check(z.regex(/^[\w./-]+\.\w+$/, 'must be path/to/file.export')),
      name: z.optional(text),
      timeout: z.optional(z.number()),
      memorySize: z.optional(z.number()),
      environment: z._default(environment, {}),
      events: z._default(z.array(z.strictObject({ httpApi: route }, 'must be httpApi: rules are resources of their own')), []),
    }),
  ),
  resources: z.pipe(
    z.transform((value: unknown): unknown[] => (Array.isArray(value) ? value : [value])),
    z.array(z.object({ Resources: z.record(z.string(), z.object({ Type: text, Properties: z.record(z.string(), z.unknown()) })) })),
  ),
});
type Configuration = z.infer<typeof configuration>;

function parse(value: unknown, file: string): Configuration {
  const result = z.safeParse(configuration, value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new DeploymentError({ file, path: issue?.path.join('.') ?? '' }, issue?.message ?? 'is not valid');
}

const capitalise = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);

type FunctionEntry = [key: string, entry: Configuration['functions'][string]];

/** Every resource by its logical id; a function's is the packager's: `<Key>LambdaFunction`. */
function collectResources({ service, provider, functions, resources }: Configuration): Map<string, TemplateResource> {
  const own = Object.entries(functions).map(([key, entry]): [string, TemplateResource] => [
    `${capitalise(key)}LambdaFunction`,
    { Type: 'AWS::Lambda::Function', Properties: { FunctionName: entry.name ?? `${service}-${provider.stage}-${key}` } },
  ]);
  return new Map([...own, ...resources.flatMap(({ Resources }) => Object.entries(Resources))]);
}

/** What Ref, Fn::GetAtt and Fn::Sub resolve to, of a set of resources. @throws DeploymentError for a type that is not known. */
export function openScope(file: string, resources: ReadonlyMap<string, TemplateResource>, options: ReadDeploymentOptions): IntrinsicScope {
  const values = new Map<string, ResourceValues>();
  for (const [id, resource] of resources) {
    if (!isKnownType(resource.Type)) throw new DeploymentError({ file, path: `resources.${id}.Type`, value: resource.Type }, 'is no resource type that the local runtime knows');
    const found = valuesOf(id, resource, options);
    if (found !== undefined) values.set(id, found);
  }
  return { file, region: options.region, accountId: options.accountId, resources: values };
}

function requireText(value: unknown, scope: IntrinsicScope, path: string): string {
  if (typeof value !== 'string') throw new DeploymentError({ file: scope.file, path, value }, 'must be a text');
  return value;
}

function resolveEnvironment(variables: Readonly<Record<string, unknown>>, scope: IntrinsicScope, path: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      const resolved = resolveIntrinsics(value, scope, `${path}.${name}`);
      return [name, typeof resolved === 'number' ? String(resolved) : requireText(resolved, scope, `${path}.${name}`)];
    }),
  );
}

function readFunction([key, entry]: FunctionEntry, { provider }: Configuration, scope: IntrinsicScope): DeployedFunction {
  const values = scope.resources.get(`${capitalise(key)}LambdaFunction`);
  const dot = entry.handler.lastIndexOf('.');
  return {
    key,
    name: values?.ref ?? key,
    arn: values?.attributes['Arn'] ?? '',
    // Bundles are ES modules: `path/to/file.export` is path/to/file.mjs.
    module: resolve(dirname(scope.file), `${entry.handler.slice(0, dot)}.mjs`),
    exportName: entry.handler.slice(dot + 1),
    environment: {
      ...resolveEnvironment(provider.environment, scope, 'provider.environment'),
      ...resolveEnvironment(entry.environment, scope, `functions.${key}.environment`),
    },
    timeoutSeconds: entry.timeout ?? provider.timeout,
    memoryMiB: entry.memorySize ?? provider.memorySize,
    routes: entry.events.map(({ httpApi }) => ({ method: httpApi.method, path: httpApi.path })),
  };
}

/** `${Name}` in a definition takes its value from DefinitionSubstitutions; one without a value is refused, as CloudFormation does. */
function substitute(definition: string, values: Readonly<Record<string, unknown>>, scope: IntrinsicScope, path: string): string {
  return definition.replace(/\$\{([A-Za-z0-9]+)\}/g, (variable, name: string) => {
    const value = values[name];
    if (typeof value !== 'string') throw new DeploymentError({ file: scope.file, path, value: variable }, 'must be named in DefinitionSubstitutions');
    return JSON.stringify(value).slice(1, -1);
  });
}

function readStateMachine(logicalId: string, properties: Readonly<Record<string, unknown>>, scope: IntrinsicScope): DeployedStateMachine {
  const path = `resources.${logicalId}.Properties`;
  const values = scope.resources.get(logicalId);
  const definition = requireText(properties['DefinitionString'], scope, `${path}.DefinitionString`);
  const substitutions = resolveIntrinsics(properties['DefinitionSubstitutions'] ?? {}, scope, `${path}.DefinitionSubstitutions`);
  return {
    logicalId,
    name: values?.attributes['Name'] ?? logicalId,
    arn: values?.ref ?? '',
    roleArn: requireText(resolveIntrinsics(properties['RoleArn'], scope, `${path}.RoleArn`), scope, `${path}.RoleArn`),
    definition: substitute(definition, isRecord(substitutions) ? substitutions : {}, scope, `${path}.DefinitionString`),
  };
}

const ruleProperties = z.object({
  EventBusName: z._default(text, 'default'),
  State: z._default(z.enum(['ENABLED', 'DISABLED']), 'ENABLED'),
  EventPattern: z.record(z.string(), z.unknown()),
  Targets: z.array(
    z.object({
      Id: text,
      Arn: text,
      Input: z.optional(text),
      InputPath: z.optional(text),
      RetryPolicy: z.optional(z.object({ MaximumRetryAttempts: z.optional(z.number()), MaximumEventAgeInSeconds: z.optional(z.number()) })),
    }),
  ),
});

function readRule(logicalId: string, properties: Readonly<Record<string, unknown>>, scope: IntrinsicScope): DeployedRule {
  const path = `resources.${logicalId}.Properties`;
  const result = z.safeParse(ruleProperties, resolveIntrinsics(properties, scope, path));
  if (!result.success) throw new DeploymentError({ file: scope.file, path: `${path}.${result.error.issues[0]?.path.join('.') ?? ''}` }, result.error.issues[0]?.message ?? 'is not valid');
  const { EventBusName, State, EventPattern, Targets } = result.data;
  return {
    logicalId,
    name: scope.resources.get(logicalId)?.ref ?? logicalId,
    eventBusName: EventBusName,
    state: State,
    eventPattern: EventPattern,
    targets: Targets,
  };
}

/** CloudFormation has dates as texts, the API as seconds. */
function toSeconds(date: unknown, scope: IntrinsicScope, path: string): number {
  const time = Date.parse(requireText(date, scope, path));
  if (Number.isNaN(time)) throw new DeploymentError({ file: scope.file, path, value: date }, 'must be a date and time, such as 2026-01-31T09:00:00Z');
  return time / 1000;
}

function readSchedule(logicalId: string, properties: Readonly<Record<string, unknown>>, scope: IntrinsicScope): DeployedSchedule {
  const path = `resources.${logicalId}.Properties`;
  const resolved = resolveIntrinsics(properties, scope, path);
  const input: Record<string, unknown> = { Name: scope.resources.get(logicalId)?.ref ?? logicalId, ...(isRecord(resolved) ? resolved : {}) };
  const dates = ['StartDate', 'EndDate'].filter((member) => input[member] !== undefined);
  return { logicalId, input: { ...input, ...Object.fromEntries(dates.map((member) => [member, toSeconds(input[member], scope, `${path}.${member}`)])) } };
}

/** What a set of resources, CloudFormation's functions in them unresolved, holds of state machines, buses, rules and schedules. */
export function readResources(resources: ReadonlyMap<string, TemplateResource>, scope: IntrinsicScope): Pick<Deployment, 'stateMachines' | 'buses' | 'rules' | 'scheduleGroups' | 'schedules'> {
  const ofType = (type: string): [string, TemplateResource][] => [...resources].filter(([, resource]) => resource.Type === type);
  const namesOf = (type: string) => ofType(type).map(([id]) => ({ logicalId: id, name: scope.resources.get(id)?.ref ?? id }));
  return {
    stateMachines: ofType('AWS::StepFunctions::StateMachine').map(([id, { Properties }]) => readStateMachine(id, Properties, scope)),
    buses: namesOf('AWS::Events::EventBus'),
    rules: ofType('AWS::Events::Rule').map(([id, { Properties }]) => readRule(id, Properties, scope)),
    scheduleGroups: namesOf('AWS::Scheduler::ScheduleGroup'),
    schedules: ofType('AWS::Scheduler::Schedule').map(([id, { Properties }]) => readSchedule(id, Properties, scope)),
  };
}

/**
 * Reads serverless.yml with all it includes. The list of what it resolves is closed: `${file}`, `${self}`, `${sls:stage}`, `${opt}`, `${param}`,
 * Ref, Fn::GetAtt and Fn::Sub.
 * @throws DeploymentError naming file, path, value and rule for anything else.
 */
export function readDeployment(options: ReadDeploymentOptions): Deployment {
  const { stage = 'dev', params = {} } = options;
  const file = resolve(options.file);
  const config = parse(new Variables(file, { sls: { stage }, opt: { stage, region: options.region }, param: params }).resolveAll(), file);
  const resources = collectResources(config);
  const scope = openScope(file, resources, options);
  return {
    service: config.service,
    stage: config.provider.stage,
    functions: Object.entries(config.functions).map((entry) => readFunction(entry, config, scope)),
    ...readResources(resources, scope),
  };
}
