import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import type { CallHook } from './hooks.ts';

/** Calls hooks as Lambda functions, and waits for their answers. */
export const openHookCaller = (client: LambdaClient): CallHook => async (functionName, event) => {
  const { FunctionError, Payload } = await client.send(new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }));
  const text = Payload === undefined ? 'null' : Buffer.from(Payload).toString('utf8');
  if (FunctionError !== undefined) throw new Error(`it failed: ${text.slice(0, 500)}`);
  return JSON.parse(text) as unknown;
};
