import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import type { RolloutRequest } from '../../contracts/rollout.ts';
import type { RolloutRecord } from './records.ts';

/** A rollout as it was asked for. Times are epoch milliseconds. */
export interface Requested {
  readonly id: string;
  readonly executionArn: string;
  readonly requestedAt: number;
  readonly request: RolloutRequest;
}

/** The record of a rollout that has a definition and nothing else yet: no plan, no route, no lock. */
export function newRecord({ id, executionArn, requestedAt, request }: Requested, settings: CanaryDefinition, now: number): RolloutRecord {
  const { tag, digest, repository = settings.image.repository } = request.image;
  return {
    id,
    definition: settings.name,
    attempt: request.attempt ?? 1,
    trigger: request.trigger ?? 'manual',
    image: { repository, tag, ...(digest === undefined ? {} : { digest }) },
    phase: 'Pending',
    step: -1,
    steps: [],
    target: settings.target,
    stable: settings.stable ?? '',
    canary: '',
    weights: {},
    fence: 0,
    routeBefore: null,
    pendingAction: null,
    verdicts: [],
    startedAt: now,
    endedAt: null,
    deadline: now + settings.deadline * 1000,
    executionArn,
    reason: '',
    settings,
    split: { before: {}, stable: '', canary: '', scale: 1 },
    hostname: null,
    spec: null,
    promotedBakeSeconds: 0,
    requestedAt,
    holds: 0,
    paused: false,
    promoted: false,
    decision: null,
    approvals: [],
    waiting: null,
    hookHold: false,
    begun: settings.hooks?.before === undefined,
    foreign: null,
    alarm: null,
    overridden: false,
    finishing: false,
    undone: null,
  };
}
