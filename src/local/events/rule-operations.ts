import { isRecord } from '../../contracts/is-record.ts';
import type { Operations } from '../server/aws-json.ts';
import type { EventBus } from './event-bus.ts';
import { busName, invalid, notFound, page, requireList, requireText, requireTexts, type Input } from './inputs.ts';
import { checkPattern } from './pattern-text.ts';
import type { Rule, Target } from './types.ts';

const describeRule = ({ name, arn, eventPattern, state, description, bus }: Rule): Record<string, unknown> => ({
  Name: name,
  Arn: arn,
  EventPattern: eventPattern,
  State: state,
  EventBusName: bus,
  ...(description === undefined ? {} : { Description: description }),
});

/** @throws AwsError ResourceNotFoundException */
function findRule(bus: EventBus, input: Input, member: 'Name' | 'Rule' = 'Name'): Rule {
  const [name, on] = [requireText(input, member), busName(input['EventBusName'])];
  const rule = bus.store.rules().find((candidate) => candidate.name === name && candidate.bus === on);
  if (rule === undefined) throw notFound(`Rule ${name} on EventBus ${on}`);
  return rule;
}

/** The operations on rules. */
export function ruleOperations(bus: EventBus, arnOf: (name: string) => string): Operations {
  const setState = async (input: Input, state: Rule['state']): Promise<void> => {
    const rule = findRule(bus, input);
    await bus.change((store) => store.putRule({ ...rule, state }));
  };
  return {
    PutRule: async (input) => {
      const [name, on] = [requireText(input, 'Name'), busName(input['EventBusName'])];
      if (!bus.store.buses().includes(on)) throw notFound(`Event bus ${on}`);
      const { Description, State } = input;
      const arn = arnOf(on === 'default' ? `rule/${name}` : `rule/${on}/${name}`);
      const rule: Rule = {
        bus: on,
        name,
        arn,
        state: State === 'DISABLED' ? 'DISABLED' : 'ENABLED',
        eventPattern: checkPattern(input['EventPattern']),
        ...(typeof Description === 'string' ? { description: Description } : {}),
      };
      await bus.change((store) => store.putRule(rule));
      return { RuleArn: arn };
    },
    DescribeRule: (input) => describeRule(findRule(bus, input)),
    ListRules: (input) => {
      const { NamePrefix, EventBusName } = input;
      const rules = bus.store.rules().filter((rule) => rule.bus === busName(EventBusName) && rule.name.startsWith(typeof NamePrefix === 'string' ? NamePrefix : ''));
      const { items, ...next } = page(rules, input);
      return { Rules: items.map(describeRule), ...next };
    },
    EnableRule: (input) => setState(input, 'ENABLED'),
    DisableRule: (input) => setState(input, 'DISABLED'),
    DeleteRule: async (input) => {
      const [name, on] = [requireText(input, 'Name'), busName(input['EventBusName'])];
      if (bus.store.targets(on, name).length > 0) throw invalid("Rule can't be deleted since it has targets.");
      await bus.change((store) => store.removeRule(on, name));
    },
  };
}

/** The operations on the targets of rules. */
export const targetOperations = (bus: EventBus): Operations => ({
  PutTargets: async (input) => {
    const rule = findRule(bus, input, 'Rule');
    const targets = requireList(input, 'Targets').map((target) => {
      if (!isRecord(target)) throw invalid('Targets: each must be an object');
      requireText(target, 'Id');
      requireText(target, 'Arn');
      return target as unknown as Target;
    });
    await bus.change((store) => targets.forEach((target) => store.putTarget(rule.bus, rule.name, target)));
    return { FailedEntryCount: 0, FailedEntries: [] };
  },
  RemoveTargets: async (input) => {
    const rule = findRule(bus, input, 'Rule');
    const ids = requireTexts(input, 'Ids');
    await bus.change((store) => ids.forEach((id) => store.removeTarget(rule.bus, rule.name, id)));
    return { FailedEntryCount: 0, FailedEntries: [] };
  },
  ListTargetsByRule: (input) => {
    const rule = findRule(bus, input, 'Rule');
    const { items, ...next } = page(bus.store.targets(rule.bus, rule.name), input);
    return { Targets: items, ...next };
  },
});
