import { openAws, type CallAws } from '../../src/aws/call.ts';
import { WorkloadFailed } from '../../src/workloads/port.ts';
import type { Environment } from './environment.ts';

const NOT_SERVED = 'ECS is not served on this machine: start `meshshift up` with AWS_ENDPOINT_URL_ECS';

/** Asks ECS. Without AWS there is none, unless something that stands in for it is named: asking then fails, and says so. */
export const openEcs = (env: Environment): CallAws => (env['MESHSHIFT_DATA'] === undefined || env['AWS_ENDPOINT_URL_ECS'] ? openAws(env) : () => Promise.reject(new WorkloadFailed(NOT_SERVED)));
