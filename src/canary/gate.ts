import type { CanaryDefinition } from '../contracts/canary-definition.ts';
import type { Approval, Freeze, PlannedStep, Waiting } from '../contracts/rollout.ts';
import type { Window } from '../contracts/window.ts';
import { formatDuration } from '../contracts/units.ts';
import { isOpen, nextOpening } from './windows.ts';

/** A rise of the canary's weight, to a step of the plan or to everything. */
export interface Raise {
  readonly kind: Waiting['raise'];
  /** Percent that it leads to. */
  readonly weight: number;
  readonly windows: readonly Window[] | undefined;
  readonly approval: PlannedStep['approval'];
}

interface Plan {
  readonly steps: readonly PlannedStep[];
  /** Index of the step that holds. */
  readonly step: number;
  /** What the definition asks for where no step does. */
  readonly windows: readonly Window[] | undefined;
  readonly promotionApproval: PlannedStep['approval'];
}

/** Who must agree before the canary gets everything for good, by the definition; a step to 100 % asks for itself. */
export const promotionApprovalOf = ({ approval }: Pick<CanaryDefinition, 'approval'>): PlannedStep['approval'] =>
  approval?.before.includes(100) === true ? { quorum: approval.quorum, expiresSeconds: approval.expires } : undefined;

type ApprovalRule = NonNullable<PlannedStep['approval']>;

/** Steps that are jumped over are approved with the one jumped to: the most people, within the shortest time. */
function strictest(rules: readonly (ApprovalRule | undefined)[]): ApprovalRule | undefined {
  const given = rules.filter((rule) => rule !== undefined);
  if (given.length === 0) return undefined;
  return { quorum: Math.max(...given.map(({ quorum }) => quorum)), expiresSeconds: Math.min(...given.map(({ expiresSeconds }) => expiresSeconds)) };
}

/** What a rise to step `to`, or a promotion, needs; undefined when the weight does not rise by it. */
export function raiseTo({ steps, step, windows, promotionApproval }: Plan, to: number | 'promotion'): Raise | undefined {
  if (to === 'promotion' && steps[step]?.weight === 100) return undefined;
  if (to !== 'promotion' && to <= step) return undefined;
  const jumped = steps.slice(step + 1, to === 'promotion' ? undefined : to + 1);
  const promotion = to === 'promotion' && steps.at(-1)?.weight !== 100 ? promotionApproval : undefined;
  const weight = to === 'promotion' ? 100 : (steps[to]?.weight ?? 0);
  return { kind: to === 'promotion' ? 'promotion' : 'step', weight, windows: jumped.at(-1)?.windows ?? windows, approval: strictest([...jumped.map(({ approval }) => approval), promotion]) };
}

export interface Circumstances {
  readonly now: number;
  readonly approvals: readonly Approval[];
  readonly freeze: Freeze | undefined;
  /** What the rollout waits for already. */
  readonly waiting: Waiting | null;
}

/** Who approved and still counts: each person once. */
const countApprovals = (approvals: readonly Approval[], { expiresSeconds }: ApprovalRule, now: number): number =>
  new Set(approvals.filter(({ at }) => at + expiresSeconds * 1000 > now).map(({ who }) => who)).size;

export const isFrozen = (freeze: Freeze | undefined, now: number): freeze is Freeze => freeze !== undefined && (freeze.until === null || freeze.until > now);

/** A wait goes on from when it began, and begins anew when it is for something else. */
const since = ({ waiting, now }: Circumstances, kind: Waiting['for']): number => (waiting?.for === kind ? waiting.since : now);

const toIso = (at: number): string => new Date(at).toISOString();

function awaitApproval(circumstances: Circumstances, { kind, approval }: Raise): Waiting | undefined {
  if (approval === undefined) return undefined;
  const count = countApprovals(circumstances.approvals, approval, circumstances.now);
  if (count >= approval.quorum) return undefined;
  const begun = since(circumstances, 'approval');
  return {
    for: 'approval',
    raise: kind,
    since: begun,
    until: begun + approval.expiresSeconds * 1000,
    reason: `waits for approval: ${count} of ${approval.quorum}, within ${formatDuration(approval.expiresSeconds)}`,
  };
}

function awaitWindow(circumstances: Circumstances, { kind, windows }: Raise): Waiting | undefined {
  if (windows === undefined || isOpen(windows, circumstances.now)) return undefined;
  const opens = nextOpening(windows, circumstances.now) ?? null;
  const when = opens === null ? 'not within two weeks' : toIso(opens);
  return { for: 'window', raise: kind, since: since(circumstances, 'window'), until: opens, reason: `waits for a window (${windows.map(({ text }) => text).join('; ')}), which opens ${when}` };
}

function awaitThaw(circumstances: Circumstances, { kind }: Raise): Waiting | undefined {
  const { freeze, now } = circumstances;
  if (!isFrozen(freeze, now)) return undefined;
  const until = freeze.until === null ? 'until it is lifted' : `until ${toIso(freeze.until)}`;
  return { for: 'freeze', raise: kind, since: since(circumstances, 'freeze'), until: freeze.until, reason: `frozen by ${freeze.who} ${until}: ${freeze.reason}` };
}

/** What keeps the weight from rising now; undefined when nothing does. Falling is never asked. */
export const findWait = (circumstances: Circumstances, raise: Raise): Waiting | undefined =>
  awaitApproval(circumstances, raise) ?? awaitWindow(circumstances, raise) ?? awaitThaw(circumstances, raise);

/** Whether nobody approved in time. */
export const hasExpired = (waiting: Waiting | null, now: number): boolean => waiting?.for === 'approval' && waiting.until !== null && now >= waiting.until;
