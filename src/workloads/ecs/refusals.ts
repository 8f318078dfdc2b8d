import type { AwsCallFailed, CallAws, Service } from '../../aws/call.ts';
import { WorkloadFailed } from '../port.ts';

/** Asks one service of AWS. @throws WorkloadFailed for what it refuses; else what the call throws */
export type Ask = <T>(operation: string, input: object) => Promise<T>;

const isRefusal = (error: unknown): error is AwsCallFailed =>
  error instanceof Error && '$metadata' in error && (error as AwsCallFailed).$metadata.httpStatusCode < 500 && !/Throttl|TooManyRequests|LimitExceeded|ResourceInUse/.test(error.name);

/** What AWS refuses it refuses again: told as it says it. */
export const askOf =
  (callAws: CallAws, service: Service, name: string): Ask =>
  async <T>(operation: string, input: object) => {
    try {
      return (await callAws(service, operation, input)) as T;
    } catch (error) {
      if (isRefusal(error)) throw new WorkloadFailed(`${name} refuses ${operation}: ${error.name}: ${error.message}`, { cause: error });
      throw error;
    }
  };
