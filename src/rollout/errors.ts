/** Retryable: another rollout holds the route and was asked to give it up. */
export class RouteLocked extends Error {
  override readonly name = 'RouteLocked';
}

/** The rollout no longer holds its route: it must not write to it. */
export class LockLost extends Error {
  override readonly name = 'LockLost';
}

/** The definition says that a push in the middle of a rollout is refused. */
export class RolloutRejected extends Error {
  override readonly name = 'RolloutRejected';
}

/** A verdict outside of a bake failed: a hook before the first step. */
export class VerdictFailed extends Error {
  override readonly name = 'VerdictFailed';
}

/** Nobody approved in time. */
export class ApprovalExpired extends Error {
  override readonly name = 'ApprovalExpired';
}

/** An alarm of the definition went to ALARM while the rollout ran. */
export class AlarmRaised extends Error {
  override readonly name = 'AlarmRaised';
}

/** A person gave the rollout up at a moment when no bake was open. */
export class RolloutAborted extends Error {
  override readonly name = 'RolloutAborted';
}

/** Errors that no further attempt takes away. */
const FOR_GOOD = new Set(['BadRequestException', 'ConfigurationRejected', 'ForbiddenException', 'LimitExceededException', 'NotFoundException', 'PlanRefused', 'ResourceMissing', 'WorkloadFailed']);

export const isForGood = (error: unknown): boolean => error instanceof Error && FOR_GOOD.has(error.name);

/** There is no such rollout, definition or path. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}

/** A definition is stored, and its schedules are not as it says. */
export class SchedulesNotInStep extends Error {
  override readonly name = 'SchedulesNotInStep';
}

/** People could not be told of an event: the rollout does not depend on it. */
export class NotificationFailed extends Error {
  override readonly name = 'NotificationFailed';
}

/** The action makes no sense in the rollout's phase. */
export class ActionRefused extends Error {
  override readonly name = 'ActionRefused';
}

/** The virtual node that the canary would use belongs to another version. */
export class CanaryCollision extends Error {
  override readonly name = 'CanaryCollision';
}
