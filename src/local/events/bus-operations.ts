import { AwsError, type Operations } from '../server/aws-json.ts';
import type { EventBus } from './event-bus.ts';
import { busName, invalid, notFound, page, requireText } from './inputs.ts';

/** The operations on buses. */
export function busOperations(bus: EventBus, arnOf: (name: string) => string): Operations {
  const describe = (name: string): Record<string, unknown> => ({ Name: name, Arn: arnOf(`event-bus/${name}`) });
  return {
    CreateEventBus: async (input) => {
      const name = requireText(input, 'Name');
      if (!/^[\w.-]{1,256}$/.test(name)) throw invalid(`Name: ${JSON.stringify(name)}: must have 1 to 256 letters, digits, '.', '-' and '_'`);
      if (bus.store.buses().includes(name)) throw new AwsError('ResourceAlreadyExistsException', `Event bus ${name} already exists.`);
      await bus.change((store) => store.addBus(name));
      return { EventBusArn: arnOf(`event-bus/${name}`) };
    },
    DescribeEventBus: (input) => {
      const name = busName(input['Name']);
      if (!bus.store.buses().includes(name)) throw notFound(`Event bus ${name}`);
      return describe(name);
    },
    ListEventBuses: (input) => {
      const { items, ...next } = page(bus.store.buses(), input);
      return { EventBuses: items.map(describe), ...next };
    },
    DeleteEventBus: async (input) => {
      const name = requireText(input, 'Name');
      if (name === 'default') throw invalid('Cannot delete event bus default.');
      if (bus.store.rules().some((rule) => rule.bus === name)) throw invalid(`Event bus ${name} can't be deleted since it has rules.`);
      await bus.change((store) => store.removeBus(name));
    },
  };
}
