import * as z from 'zod/mini';
import { isRecord } from '../../contracts/is-record.ts';
import { DeploymentError } from './errors.ts';
import { requireText, resolveIntrinsics, type IntrinsicScope } from './intrinsics.ts';
import type { TemplateResource } from './resources.ts';
import type { DeployedRule, DeployedSchedule, DeployedStateMachine, Deployment } from './types.ts';

const text = z.string('must be a text');

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
