import type { EventBus } from '../events/event-bus.ts';
import type { Rule } from '../events/types.ts';
import { ensureGroup, putSchedule, type Scheduler } from '../scheduler/index.ts';
import { createStateMachine, updateStateMachine, type Engine } from '../stepfunctions/index.ts';
import { hashOf } from '../stepfunctions/engine.ts';
import { AwsError } from '../server/aws-json.ts';
import { DeploymentError } from './errors.ts';
import type { DeployedRule, DeployedStateMachine, Deployment } from './types.ts';

/** What a service refuses is told with the resource that asked for it. */
async function asDeployed(file: string, logicalId: string, apply: () => Promise<unknown>): Promise<void> {
  try {
    await apply();
  } catch (cause) {
    if (!(cause instanceof AwsError)) throw cause;
    throw new DeploymentError({ file, path: `resources.${logicalId}` }, cause.message, { cause });
  }
}

async function applyStateMachine(engine: Engine, { name, arn, definition, roleArn }: DeployedStateMachine): Promise<void> {
  const existing = engine.store.machine(arn);
  if (existing === undefined) await createStateMachine(engine, { name, definition, roleArn });
  else if (existing.definition !== hashOf(definition) || existing.roleArn !== roleArn) await updateStateMachine(engine, arn, { definition, roleArn });
}

async function applyRule(bus: EventBus, deployed: DeployedRule, arn: string): Promise<void> {
  const { name, eventBusName, state, eventPattern, targets } = deployed;
  const rule: Rule = { bus: eventBusName, name, arn, state, eventPattern: JSON.stringify(eventPattern) };
  await bus.change((store) => {
    store.addBus(eventBusName);
    store.putRule(rule);
    for (const { Id } of store.targets(eventBusName, name)) store.removeTarget(eventBusName, name, Id);
    for (const target of targets) store.putTarget(eventBusName, name, target);
  });
}

/**
 * Creates or updates what serverless.yml (`file`) declares; applying it again changes nothing. Executions that run keep the definition they started with.
 * @throws DeploymentError for a definition that the engine refuses, or a schedule that the scheduler does.
 */
export async function applyDeployment({ stateMachines, buses, rules, scheduleGroups, schedules }: Deployment, engine: Engine, bus: EventBus, scheduler: Scheduler, file: string): Promise<void> {
  const { region, accountId } = engine.options;
  for (const machine of stateMachines) await asDeployed(file, machine.logicalId, () => applyStateMachine(engine, machine));
  await bus.change((store) => buses.forEach(({ name }) => store.addBus(name)));
  for (const rule of rules) await applyRule(bus, rule, `arn:aws:events:${region}:${accountId}:rule/${rule.name}`);
  for (const { name } of scheduleGroups) await scheduler.change((store) => ensureGroup(scheduler, store, name));
  for (const schedule of schedules) await asDeployed(file, schedule.logicalId, () => putSchedule(scheduler, schedule.input));
}
