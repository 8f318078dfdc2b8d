import { openInvoke } from '../../src/aws/invoke.ts';
import { openHookCaller, type CallHook } from '../../src/rollout/raise/call-hook.ts';
import type { Environment } from './environment.ts';
import type { Part } from './ports.ts';

/** A hook has less time than the function that waits for its answer. */
const TIMEOUT_MS = 20_000;

/** Calls functions of the user's own. */
export const openHooks = (env: Environment): CallHook => openHookCaller(openInvoke(env, TIMEOUT_MS));

/** Asks the definition's hooks. */
export const hooks: Part = (env) => ({ callHook: openHooks(env) });
