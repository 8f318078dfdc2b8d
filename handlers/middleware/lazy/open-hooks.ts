import { LambdaClient } from '@aws-sdk/client-lambda';
import { openHookCaller } from '../../../src/rollout/call-hook.ts';
import type { CallHook } from '../../../src/rollout/hooks.ts';

/** A hook has less time than the function that waits for its answer. */
const HOOKS = { maxAttempts: 1, requestHandler: { requestTimeout: 20_000, connectionTimeout: 1500 } };

export const openHooks = (): CallHook => openHookCaller(new LambdaClient(HOOKS));
