import type { MiddlewareObj } from '@middy/core';
import { isRecord } from '../../src/contracts/is-record.ts';
import type { Log } from '../../src/contracts/log.ts';

interface Call {
  readonly event: unknown;
  readonly response?: unknown;
  readonly context: { functionName?: string; awsRequestId?: string };
}

/** What the state machines ask again for by themselves, as it only takes time: no failure. */
const NOT_YET: ReadonlySet<string> = new Set(['ResourceNotActive', 'RouteLocked', 'WorkloadNotReady']);

const textAt = (value: unknown, ...path: readonly string[]): string | undefined => {
  const found = path.reduce<unknown>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
  return typeof found === 'string' ? found : undefined;
};

/** Where an event says which rollout it is about. An event of EventBridge has an `id` of its own, which is none. */
function rolloutOf(event: unknown): string | undefined {
  if (textAt(event, 'detail-type') === undefined) return textAt(event, 'pathParameters', 'id') ?? textAt(event, 'id');
  return textAt(event, 'source') === 'aws.states' ? textAt(event, 'detail', 'name') : textAt(event, 'detail', 'id');
}

/** The rollouts that a trigger's answer names: those it started or ended a bake of. */
function rolloutsIn(response: unknown): string[] | undefined {
  const rollouts = isRecord(response) ? response['rollouts'] : undefined;
  const ids = Array.isArray(rollouts) ? rollouts.flatMap((rollout) => textAt(rollout, 'id') ?? []) : [];
  return ids.length === 0 ? undefined : ids;
}

/** X-Ray's id of the trace that a call belongs to; Lambda sets it anew for each. */
const traceOf = (): string | undefined => /Root=([^;]+)/.exec(process.env['_X_AMZN_TRACE_ID'] ?? '')?.[1];

/** Says how each call went: function, request, trace, rollout, time, and the error's name and message. Never the event, as it may hold a task token. */
export const logCalls = (log: Log, clock: () => number): MiddlewareObj<unknown, unknown> => {
  /** By call, as several may be under way. */
  const startedAt = new WeakMap<Call, number>();
  const fields = (call: Call) => ({
    function: call.context.functionName,
    request: call.context.awsRequestId,
    trace: traceOf(),
    rollout: rolloutOf(call.event),
    rollouts: rolloutsIn(call.response),
    ms: clock() - (startedAt.get(call) ?? clock()),
  });
  return {
    before: (request) => {
      startedAt.set(request, clock());
    },
    after: (request) => {
      log('info', 'done', fields(request));
    },
    onError: (request) => {
      const { name, message } = request.error ?? new Error('no error given');
      if (NOT_YET.has(name)) log('info', 'not yet', { ...fields(request), reason: message });
      else log('error', 'failed', { ...fields(request), error: name, reason: message });
    },
  };
};
