import { deploymentCompleted } from '../../src/contracts/events.ts';
import { startForDeployment } from '../../src/rollout/triggers/deployment-changed.ts';
import { deploymentPortsOf } from '../middleware/deployments.ts';
import { handle } from '../middleware/handle.ts';

/** Starts a rollout of each canary definition whose service of ECS has completed a deployment. */
export const handler = handle(deploymentCompleted, async (event) => startForDeployment(await deploymentPortsOf(), event));
