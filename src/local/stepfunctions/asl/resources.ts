import type { Json } from '../../json.ts';
import { errorOf, inputOf, outputOf, type EventDetails, type EventType } from '../interpreter/history.ts';

type Event = [type: EventType, details?: EventDetails];

/** The history events of a task, by what happens to it. */
export interface TaskEvents {
  scheduled(task: { region: string; args: Json; timeout: number | undefined; heartbeat: number | undefined }): Event;
  started(): Event;
  submitted?(output: Json): Event;
  succeeded(output: Json): Event;
  failed(error: string | undefined, cause: string | undefined): Event;
  timedOut(): Event;
}

/** The service integrations this engine runs. A Lambda function's ARN is a resource of its own kind. */
export const INTEGRATIONS = [
  'arn:aws:states:::lambda:invoke',
  'arn:aws:states:::lambda:invoke.waitForTaskToken',
  'arn:aws:states:::events:putEvents',
  'arn:aws:states:::events:putEvents.waitForTaskToken',
  'arn:aws:states:::states:startExecution',
  'arn:aws:states:::states:startExecution.sync:2',
  'arn:aws:states:::states:startExecution.waitForTaskToken',
] as const;

const FUNCTION = /^arn:aws:lambda:[a-z0-9-]+:\d{12}:function:[A-Za-z0-9-_]+(?::[A-Za-z0-9$_-]+)?$/;

export const isFunctionArn = (resource: string): boolean => FUNCTION.test(resource);
export const isKnownResource = (resource: string): boolean => (INTEGRATIONS as readonly string[]).includes(resource) || isFunctionArn(resource);

/** `lambda` and `invoke.waitForTaskToken` of an integration's ARN. */
function partsOf(resource: string): { resourceType: string; resource: string } {
  const [resourceType = '', ...rest] = resource.replace('arn:aws:states:::', '').split(':');
  return { resourceType, resource: rest.join(':') };
}

const timesOf = (timeout: number | undefined, heartbeat: number | undefined): { timeoutInSeconds?: number; heartbeatInSeconds?: number } => ({
  ...(timeout === undefined ? {} : { timeoutInSeconds: timeout }),
  ...(heartbeat === undefined ? {} : { heartbeatInSeconds: heartbeat }),
});

function integrationEvents(arn: string): TaskEvents {
  const parts = partsOf(arn);
  return {
    scheduled: ({ region, args, timeout, heartbeat }) => [
      'TaskScheduled',
      { taskScheduledEventDetails: { ...parts, region, parameters: JSON.stringify(args), ...timesOf(timeout, heartbeat) } },
    ],
    started: () => ['TaskStarted', { taskStartedEventDetails: parts }],
    submitted: (output) => ['TaskSubmitted', { taskSubmittedEventDetails: { ...parts, ...outputOf(output) } }],
    succeeded: (output) => ['TaskSucceeded', { taskSucceededEventDetails: { ...parts, ...outputOf(output) } }],
    failed: (error, cause) => ['TaskFailed', { taskFailedEventDetails: { ...parts, ...errorOf(error, cause) } }],
    timedOut: () => ['TaskTimedOut', { taskTimedOutEventDetails: { ...parts, error: 'States.Timeout' } }],
  };
}

const functionEvents = (arn: string): TaskEvents => ({
  scheduled: ({ args, timeout }) => ['LambdaFunctionScheduled', { lambdaFunctionScheduledEventDetails: { resource: arn, ...inputOf(args), ...timesOf(timeout, undefined) } }],
  started: () => ['LambdaFunctionStarted'],
  succeeded: (output) => ['LambdaFunctionSucceeded', { lambdaFunctionSucceededEventDetails: outputOf(output) }],
  failed: (error, cause) => ['LambdaFunctionFailed', { lambdaFunctionFailedEventDetails: errorOf(error, cause) }],
  timedOut: () => ['LambdaFunctionTimedOut', { lambdaFunctionTimedOutEventDetails: { error: 'States.Timeout' } }],
});

export const eventsOf = (resource: string): TaskEvents => (isFunctionArn(resource) ? functionEvents(resource) : integrationEvents(resource));
