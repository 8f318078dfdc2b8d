import type { Handler } from '../../handlers/middleware/handle.ts';
import type { Json } from '../../src/local/json.ts';
import type { Invocation } from '../../src/local/stepfunctions/tasks/runners.ts';
import type { Timers } from '../../src/local/timers.ts';
import type { Carry } from './calls.ts';

/** A function is ended when its time is over, whatever it waits for; middy says so as a fault that passes. */
const FUNCTION_MS = 29_995;
/** Lambda tries an asynchronous invocation twice more, a minute and two minutes later. */
const RETRIES_MS = [60_000, 120_000];

/** Runs functions in this process as Lambda does: within their time, and, where nobody waits for the answer, three times at most. */
export function openLambda(functions: Readonly<Record<string, Handler>>, carry: Carry, timers: Timers) {
  /** What a function goes on doing after its time, it does alone. */
  const run = (name: string, payload: unknown): Promise<Invocation> =>
    new Promise((resolve) => {
      const tell = (answer: Json, failed: boolean): void => {
        cancel();
        resolve({ payload: answer, failed, requestId: 'r' });
      };
      const fail = ({ name: errorType, message: errorMessage }: Error): void => tell({ errorType, errorMessage }, true);
      const cancel = timers.after(FUNCTION_MS, () => fail(Object.assign(new Error('TimeoutError'), { name: 'TransientFault' })));
      functions[name]!(payload, { functionName: name }).then(
        (answer) => tell((answer ?? null) as Json, false),
        (error: unknown) => fail(error as Error),
      );
    });
  const invoke = (by: string, name: string, payload: unknown): Promise<Invocation> => carry({ by, to: 'lambda', operation: `Invoke ${name}` }, () => run(name, payload));

  const invokeLater = async (name: string, payload: unknown): Promise<void> => {
    for (const pause of [...RETRIES_MS, undefined]) {
      const failed = await invoke('EventBridge', name, payload).then(
        (result) => result.failed,
        () => true,
      );
      if (!failed || pause === undefined) return;
      await new Promise<void>((resolve) => void timers.after(pause, resolve));
    }
  };
  return { invoke, invokeLater };
}
