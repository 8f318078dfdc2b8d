import type { Deliver } from '../events/deliveries.ts';
import type { EventBus } from '../events/event-bus.ts';
import { putEvents } from '../events/put-events.ts';
import type { InvokeLater } from '../lambda/invoke-api.ts';
import { stepFunctionsService, type Engine } from '../stepfunctions/index.ts';
import type { TargetServices } from './targets.ts';

export interface LocalServices {
  readonly invokeLater: InvokeLater;
  readonly engine: Engine;
  readonly bus: EventBus;
  /** How events reach targets. */
  readonly deliver: Deliver;
}

/** Lambda tries an asynchronous invocation that failed twice more; Scheduler's part ends when Lambda has taken it. */
const ASYNC_RETRIES = 2;
/** No operation of Step Functions looks at the request itself. */
type InputOperation = (input: Readonly<Record<string, unknown>>) => unknown;

/** What schedules reach on this machine. */
export function targetServices({ invokeLater, engine, bus, deliver }: LocalServices): TargetServices {
  const { operations } = stepFunctionsService(engine);
  return {
    // A function that is not there is a rejection, not a throw.
    invokeLater: async (functionName, payload) => invokeLater(functionName.replace(/:\$LATEST$/, ''), payload, ASYNC_RETRIES),
    startExecution: (stateMachineArn, input, name) => deliver(stateMachineArn, input, name, 1),
    stepFunctions: async (operation, input) => {
      await (operations[operation] as InputOperation | undefined)?.(input);
    },
    putEvents: (input) => putEvents(bus, input, false),
  };
}
