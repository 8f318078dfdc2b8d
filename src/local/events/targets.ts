import type { LambdaHost } from '../lambda/host.ts';
import { AwsError } from '../server/aws-json.ts';
import { startExecution, type Engine } from '../stepfunctions/index.ts';
import type { Deliver } from './deliveries.ts';

/** A target answered an error, or is of a kind that is not served here. */
class DeliveryFailed extends Error {
  override readonly name = 'DeliveryFailed';
}

/** Invokes Lambda functions and starts executions, each delivery once however often it is tried. */
export function openDelivery(lambda: LambdaHost, engine: Engine): Deliver {
  const invoke = async (arn: string, input: string): Promise<void> => {
    const result = await lambda.invoke(arn, input);
    if ('error' in result) throw new DeliveryFailed(`${arn}: ${result.error.errorType}: ${result.error.errorMessage}`);
  };
  const start = async (arn: string, input: string, once: string): Promise<void> => {
    try {
      await startExecution(engine, { stateMachineArn: arn, name: once, input });
    } catch (error) {
      // Started by an earlier attempt whose success was not written down.
      if (!(error instanceof AwsError && error.code === 'ExecutionAlreadyExists')) throw error;
    }
  };
  return (arn, input, once) => {
    if (arn.startsWith('arn:aws:lambda:')) return invoke(arn, input);
    if (arn.startsWith('arn:aws:states:')) return start(arn, input, once);
    return Promise.reject(new DeliveryFailed(`${arn}: only Lambda functions and state machines are targets here`));
  };
}
