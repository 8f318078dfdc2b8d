import { SFNClient } from '@aws-sdk/client-sfn';
import type { DeploymentPorts } from '../../src/rollout/triggers/deployment-changed.ts';
import { openEcs } from './ecs.ts';
import { keep, require } from './environment.ts';
import { logLine } from './handle.ts';
import { REQUESTS } from './requests.ts';
import { storeOf } from './store.ts';

const NAMES = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_ECS', 'AWS_REGION', 'MESHSHIFT_DATA', 'MESHSHIFT_TABLE', 'MESHSHIFT_CANARY_STATE_MACHINE_ARN'];

/** What starting rollouts of deployed services takes. */
export const deploymentPortsOf = keep(NAMES, async (env): Promise<DeploymentPorts> => ({
  store: await storeOf(),
  stepFunctions: new SFNClient(REQUESTS),
  canaryStateMachineArn: require(env, 'MESHSHIFT_CANARY_STATE_MACHINE_ARN'),
  callAws: openEcs(env),
  log: logLine,
}));
