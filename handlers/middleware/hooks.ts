import { keep } from './environment.ts';
import type { Part } from './ports.ts';

const callerOf = keep(['AWS_ENDPOINT_URL', 'AWS_REGION'], async () => (await import('./lazy/open-hooks.ts')).openHooks());

/** Asks the definition's hooks. Most definitions have none: the client is loaded by the first one asked. */
export const hooks: Part = () => ({ callHook: async (functionName, event) => (await callerOf())(functionName, event) });
