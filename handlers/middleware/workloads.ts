import { openEcsWorkloads } from '../../src/workloads/ecs/index.ts';
import { openLambdaWorkloads } from '../../src/workloads/lambda.ts';
import { noWorkloads } from '../../src/workloads/none.ts';
import { openProcessWorkloads } from '../../src/workloads/process.ts';
import { openEcs } from './ecs.ts';
import { meshOf } from './environment.ts';
import { openHooks } from './hooks.ts';
import type { Part } from './ports.ts';

/** Brings versions up and takes them down. */
export const workloads: Part = (env) => ({
  workloads: { none: noWorkloads, process: openProcessWorkloads(meshOf().url), ecs: openEcsWorkloads(openEcs(env)), lambda: openLambdaWorkloads(openHooks(env)) },
});
