import type { CallHook } from '../../src/rollout/hooks.ts';
import { keep } from './environment.ts';
import type { Part } from './ports.ts';

const callerOf = keep(['AWS_ENDPOINT_URL', 'AWS_REGION'], async () => (await import('./lazy/open-hooks.ts')).openHooks());

/** Calls functions of the user's own. Most definitions have none: the client is loaded by the first one asked. */
export const callHook: CallHook = async (functionName, event) => (await callerOf())(functionName, event);

/** Asks the definition's hooks. */
export const hooks: Part = () => ({ callHook });
