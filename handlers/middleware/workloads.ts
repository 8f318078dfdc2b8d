import { openAws } from '../../src/aws/call.ts';
import { openEcsWorkloads } from '../../src/workloads/ecs/index.ts';
import { openLambdaWorkloads } from '../../src/workloads/lambda.ts';
import { noWorkloads } from '../../src/workloads/none.ts';
import { WorkloadFailed, type WorkloadDrivers } from '../../src/workloads/port.ts';
import { openProcessWorkloads } from '../../src/workloads/process.ts';
import { meshOf, type Environment } from './environment.ts';
import { callHook } from './hooks.ts';
import type { Part } from './ports.ts';

/** Without AWS there is no ECS, unless something that stands in for it is named. */
function ecsOf(env: Environment): WorkloadDrivers['ecs'] {
  if (env['MESHSHIFT_DATA'] === undefined || env['AWS_ENDPOINT_URL_ECS']) return openEcsWorkloads(openAws(env));
  const refuse = () => Promise.reject(new WorkloadFailed('workload.type: ecs: needs ECS, which is not served on this machine: start `meshshift up` with AWS_ENDPOINT_URL_ECS, or take process'));
  return { up: refuse, down: () => Promise.resolve() };
}

/** Brings versions up and takes them down. */
export const workloads: Part = (env) => ({
  workloads: { none: noWorkloads, process: openProcessWorkloads(meshOf().url), ecs: ecsOf(env), lambda: openLambdaWorkloads(callHook) },
});
