import { randomUUID } from 'node:crypto';
import { createStateMachine, type Engine } from '../../src/local/stepfunctions/index.ts';
import type { NewStateMachine } from '../../src/local/stepfunctions/api/state-machines.ts';
import { createEvaluator } from '../../src/local/stepfunctions/jsonata/evaluate.ts';
import type { StateMachineRow } from '../../src/local/stepfunctions/store.ts';

/** A suite has many engines with the same state machines: each expression is read once. */
export const evaluator = createEvaluator({ random: () => 0.5, uuid: randomUUID });

const checked = new Map<string, StateMachineRow>();

/** Adds a state machine to an engine, where it is not there yet; each definition is checked once. */
export async function addStateMachine(engine: Engine, machine: NewStateMachine): Promise<void> {
  const { database } = engine.options;
  const row = checked.get(machine.definition);
  if (row === undefined) checked.set(machine.definition, await createStateMachine(engine, machine));
  else {
    await database.commit(() => {
      engine.store.putDefinition(row.definition, machine.definition);
      engine.store.putMachine(row);
    });
  }
}
