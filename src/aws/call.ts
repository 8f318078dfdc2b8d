import { setTimeout as delay } from 'node:timers/promises';
import { endpointOf, signedPost } from './signed-post.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The services of the AWS JSON protocols that are asked an operation or two: a client of the SDK for each would be most of a function's bundle. */
const SERVICES = {
  monitoring: { target: 'GraniteServiceVersion20100801', endpoint: 'AWS_ENDPOINT_URL_CLOUDWATCH' },
  events: { target: 'AWSEvents', endpoint: 'AWS_ENDPOINT_URL_EVENTBRIDGE' },
  ecr: { target: 'AmazonEC2ContainerRegistry_V20150921', endpoint: 'AWS_ENDPOINT_URL_ECR' },
  ecs: { target: 'AmazonEC2ContainerServiceV20141113', endpoint: 'AWS_ENDPOINT_URL_ECS' },
  secretsmanager: { target: 'secretsmanager', endpoint: 'AWS_ENDPOINT_URL_SECRETS_MANAGER' },
  servicediscovery: { target: 'Route53AutoNaming_v20170314', endpoint: 'AWS_ENDPOINT_URL_SERVICEDISCOVERY' },
} as const;
export type Service = keyof typeof SERVICES;
const JSON_1_0: ReadonlySet<Service> = new Set<Service>(['monitoring']);

/** An operation's answer, plain JSON: times are epoch seconds. `signal` gives the call up. @throws AwsCallFailed */
export type CallAws = (service: Service, operation: string, input: object, signal?: AbortSignal) => Promise<unknown>;

/** What AWS answered instead: its name is the service's own for the error. */
export class AwsCallFailed extends Error {
  override readonly name: string;
  readonly $metadata: { readonly httpStatusCode: number };
  constructor(code: string, message: string, httpStatusCode: number) {
    super(message);
    this.name = code;
    this.$metadata = { httpStatusCode };
  }
}

/** The first part of a host name that is other than the service's own. */
const HOSTS: Readonly<Partial<Record<Service, string>>> = { ecr: 'api.ecr' };

const ATTEMPTS = 3;
/** Operations that make something anew each time: whoever asks again looks first what is there. */
const ASKED_ONCE: ReadonlySet<string> = new Set(['RegisterTaskDefinition']);
const REQUEST_TIMEOUT_MS = 5000;
const THROTTLED = /Throttl|TooManyRequests|RequestLimitExceeded/;

const isPassing = (error: unknown): boolean => !(error instanceof AwsCallFailed) || error.$metadata.httpStatusCode >= 500 || THROTTLED.test(error.name);

const endpoint = (service: Service, env: Environment): string => endpointOf(env, HOSTS[service] ?? service, env[SERVICES[service].endpoint]);

/** `com.amazonaws.x#ServiceNotFoundException:http://…` → `ServiceNotFoundException`. */
const codeOf = (type: string): string => type.split('#').at(-1)?.split(':')[0] ?? type;

function failure(text: string, status: number): AwsCallFailed {
  try {
    const { __type = 'UnknownError', message, Message } = JSON.parse(text) as { __type?: string; message?: string; Message?: string };
    return new AwsCallFailed(codeOf(__type), message ?? Message ?? `HTTP ${status}`, status);
  } catch {
    return new AwsCallFailed('UnknownError', `HTTP ${status}`, status);
  }
}

/**
 * Calls AWS with the credentials, the region and the endpoints of an environment. Throttled, or without an answer, it asks again: up to three times, longer apart each time.
 * @param wait how it waits before it asks again, in milliseconds; a signal that aborts ends the wait
 */
export function openAws(env: Environment, wait: (ms: number, signal?: AbortSignal) => Promise<unknown> = (ms, signal) => delay(ms, undefined, { signal })): CallAws {
  const callOnce: CallAws = async (service, operation, input, signal) => {
    const headers = { 'content-type': `application/x-amz-json-${JSON_1_0.has(service) ? '1.0' : '1.1'}`, 'x-amz-target': `${SERVICES[service].target}.${operation}` };
    const response = await signedPost(env, { service, url: new URL('/', endpoint(service, env)), headers, body: JSON.stringify(input), timeoutMs: REQUEST_TIMEOUT_MS, signal });
    const text = await response.text();
    if (!response.ok) throw failure(text, response.status);
    return text === '' ? {} : (JSON.parse(text) as unknown);
  };

  return async (service, operation, input, signal) => {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await callOnce(service, operation, input, signal);
      } catch (error) {
        if (attempt === ATTEMPTS || ASKED_ONCE.has(operation) || !isPassing(error)) throw error;
        // A wait that is given up is told by the fault that made it necessary.
        await wait(Math.random() * 200 * 2 ** attempt, signal).catch(() => undefined);
        if (signal?.aborted === true) throw error;
      }
    }
  };
}
