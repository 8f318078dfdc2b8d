import { guardRemoval, stackRequest } from '../../src/rollout/removal/removal.ts';
import { tokens } from '../middleware/executions.ts';
import { handle } from '../middleware/handle.ts';
import { openPorts } from '../middleware/ports.ts';
import { workloads } from '../middleware/workloads.ts';

const portsOf = openPorts(tokens, workloads);

/** Ends every rollout before the stack is removed; a custom resource of CloudFormation. */
export const handler = handle(stackRequest, (request) => guardRemoval(portsOf, request));
