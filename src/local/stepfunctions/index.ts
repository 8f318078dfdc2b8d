import type { AwsJsonService } from '../server/aws-json.ts';
import { executionOperations } from './api/executions.ts';
import { stateMachineOperations } from './api/state-machines.ts';
import { taskOperations } from './api/tasks.ts';
import type { Engine } from './engine.ts';

export { Engine } from './engine.ts';
export { createStateMachine, updateStateMachine, checkDefinition } from './api/state-machines.ts';
export { startExecution } from './api/executions.ts';

/** Step Functions on the wire: AWS JSON 1.0, `X-Amz-Target: AWSStepFunctions.…`. */
export const stepFunctionsService = (engine: Engine): AwsJsonService => ({
  targetPrefix: 'AWSStepFunctions',
  version: '1.0',
  operations: { ...stateMachineOperations(engine), ...executionOperations(engine), ...taskOperations(engine) },
});
