import type { GrpcRouteMatch, HttpRetryPolicy, MatchRange, WeightedTarget } from '@aws-sdk/client-app-mesh';
import { unless, type Rule } from './finding.ts';
import { refusedByRe2 } from './re2.ts';

const MAX_RETRIES = 2 ** 31 - 1;

/** API reference, HttpRetryPolicy: the model gives these no enum. */
const RETRY_EVENTS = ['server-error', 'gateway-error', 'client-error', 'stream-error'];

/** A proxy refuses a route whose weights add up to nothing. */
export const weightsRule: Rule<{ readonly weightedTargets?: readonly WeightedTarget[] | undefined }> = ({ weightedTargets = [] }) =>
  unless(
    weightedTargets.some(({ weight }) => (weight ?? 0) > 0),
    'weightedTargets',
    'must have at least one target with a weight greater than 0',
  );

export const retryRule: Rule<HttpRetryPolicy> = ({ httpRetryEvents = [], maxRetries }) => [
  ...httpRetryEvents.flatMap((event, index) =>
    unless(RETRY_EVENTS.includes(event), `httpRetryEvents[${index}]`, `must be one of ${RETRY_EVENTS.join(', ')}`, event),
  ),
  ...unless((maxRetries ?? 0) <= MAX_RETRIES, 'maxRetries', `must be at most ${MAX_RETRIES}`, maxRetries),
];

/** API reference, GrpcRouteMatch: a method is one of a service. */
export const grpcMatchRule: Rule<GrpcRouteMatch> = ({ serviceName, methodName }) =>
  unless(methodName === undefined || serviceName !== undefined, 'serviceName', 'is required when there is a methodName');

export const rangeRule: Rule<MatchRange> = ({ start = 0, end = 0 }) => unless(start <= end, 'end', `must be at least the start, ${start}`, end);

/** A match by regular expression, of a path or a header. */
export const regexRule: Rule<{ readonly regex?: string | undefined }> = ({ regex }) => {
  const refused = regex === undefined ? undefined : refusedByRe2(regex);
  return refused === undefined ? [] : [{ at: 'regex', value: regex, rule: refused }];
};

/** RFC 9110, 5.1, and the pseudo-headers of HTTP/2. */
export const headerNameRule: Rule<{ readonly name?: string | undefined }> = ({ name = '' }) =>
  unless(/^:?[\w!#$%&'*+\-.^`|~]+$/.test(name), 'name', 'must be the name of an HTTP header', name);
