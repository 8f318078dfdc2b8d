import type { Invoke } from '../../aws/invoke.ts';

/** Calls a Lambda function and answers what it answered. @throws Error when it failed or could not be reached */
export type CallHook = (functionName: string, event: object) => Promise<unknown>;

/** Calls hooks as Lambda functions, and waits for their answers. */
export const openHookCaller = (invoke: Invoke): CallHook => async (functionName, event) => {
  const { payload, failed } = await invoke(functionName, JSON.stringify(event));
  if (failed) throw new Error(`it failed: ${payload.slice(0, 500)}`);
  return JSON.parse(payload === '' ? 'null' : payload) as unknown;
};
