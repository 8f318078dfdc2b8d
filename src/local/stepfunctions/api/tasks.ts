import { parseJson } from '../../json.ts';
import { AwsError } from '../../server/aws-json.ts';
import { operation, type Operation } from './operation.ts';
import type { Engine } from '../engine.ts';
import type { Signal } from '../interpreter/step.ts';
import { shapes } from './shapes.ts';

/** @throws AwsError InvalidToken for a token that was never given out, TaskTimedOut for one whose task is over. */
async function answer(engine: Engine, token: string, signal: (task: number) => Signal): Promise<void> {
  const outcome = await engine.answer(token, signal);
  if (outcome === 'unknown') throw new AwsError('InvalidToken', "Invalid Token: 'Invalid token'");
  if (outcome === 'timedOut') throw new AwsError('TaskTimedOut', "Task Timed Out: 'Provided task does not exist anymore'");
}

/** The operations by which a task's token ends or prolongs it. */
export const taskOperations = (engine: Engine): Readonly<Record<string, Operation>> => ({
  SendTaskSuccess: operation(shapes.SendTaskSuccess, ({ taskToken, output }) => {
    const value = parseJson(output);
    if (value === undefined) throw new AwsError('InvalidOutput', "Invalid Output: 'the output is no JSON'");
    return answer(engine, taskToken, (task) => ({ kind: 'taskSucceeded', task, output: value }));
  }),
  SendTaskFailure: operation(shapes.SendTaskFailure, ({ taskToken, error, cause }) => answer(engine, taskToken, (task) => ({ kind: 'taskFailed', task, error, cause }))),
  SendTaskHeartbeat: operation(shapes.SendTaskHeartbeat, ({ taskToken }) => answer(engine, taskToken, (task) => ({ kind: 'heartbeat', task }))),
});
