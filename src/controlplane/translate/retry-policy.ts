import type { GrpcRetryPolicy, HttpRetryPolicy } from './specs.ts';
import { any, compact, duration } from './proto.ts';
import type { ProtoJson } from './types.ts';

/** What a retry event means to Envoy: its conditions, and the status codes that go with `retriable-status-codes`. */
interface Meaning {
  readonly on: readonly string[];
  readonly codes?: readonly number[];
}

const EVENTS: Readonly<Record<string, Meaning>> = {
  'server-error': { on: ['retriable-status-codes', 'reset'], codes: [500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511] },
  'gateway-error': { on: ['retriable-status-codes', 'reset'], codes: [502, 503, 504] },
  'client-error': { on: ['retriable-status-codes'], codes: [409] },
  'stream-error': { on: ['refused-stream'] },
  'connection-error': { on: ['connect-failure'] },
};

/** gRPC statuses are named alike by App Mesh and Envoy. */
const meaningOf = (event: string): Meaning => EVENTS[event] ?? { on: [event] };

/** A retry goes to another host than the one that failed, if there is one. */
const OTHER_HOST: ProtoJson = {
  retry_host_predicate: [
    { name: 'envoy.retry_host_predicates.previous_hosts', typed_config: any('extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate') },
  ],
  host_selection_retry_max_attempts: '5',
};

/** What AWS sent when a route had no retry policy. */
const DEFAULT: ProtoJson = {
  retry_on: 'unavailable,connect-failure,refused-stream,retriable-status-codes,reset',
  retriable_status_codes: [503],
  num_retries: 2,
  ...OTHER_HOST,
};

const eventsOf = (policy: HttpRetryPolicy & GrpcRetryPolicy): string[] => [
  ...(policy.httpRetryEvents ?? []),
  ...(policy.tcpRetryEvents ?? []),
  ...(policy.grpcRetryEvents ?? []),
];

/** Envoy's RetryPolicy. */
export function retryPolicy(policy: HttpRetryPolicy | GrpcRetryPolicy | undefined): ProtoJson {
  if (policy === undefined) return DEFAULT;
  const meanings = eventsOf(policy).map(meaningOf);
  const codes = [...new Set(meanings.flatMap((meaning) => meaning.codes ?? []))].sort((a, b) => a - b);
  return compact({
    retry_on: [...new Set(meanings.flatMap(({ on }) => on))].join(','),
    retriable_status_codes: codes.length > 0 ? codes : undefined,
    num_retries: policy.maxRetries,
    per_try_timeout: duration(policy.perRetryTimeout),
    ...OTHER_HOST,
  });
}

const GRPC_STATUSES = new Set(['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable']);

/**
 * The RetryPolicy of a proxyless gRPC client, which retries by gRPC status only and refuses a policy of no retries:
 * undefined where nothing remains.
 */
export function retryPolicyForGrpc(policy: HttpRetryPolicy | GrpcRetryPolicy | undefined): ProtoJson | undefined {
  const statuses = policy === undefined ? ['unavailable'] : eventsOf(policy).filter((event) => GRPC_STATUSES.has(event));
  const retries = policy === undefined ? 2 : (policy.maxRetries ?? 0);
  return statuses.length === 0 || retries < 1 ? undefined : { retry_on: [...new Set(statuses)].join(','), num_retries: retries };
}
