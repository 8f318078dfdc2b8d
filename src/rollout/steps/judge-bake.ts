import { holdSeconds, nextAction, type BakeEnd, type HookVerdict, type NextAction } from '../../canary/next-action.ts';
import type { Judgement } from '../../canary/judge/judge.ts';
import type { RolloutEventType } from '../../contracts/events.ts';
import type { Phase, Verdict } from '../../contracts/rollout.ts';
import { findUnseenChange } from '../raise/foreign-change.ts';
import { askHook, type HookPoint } from '../raise/hooks.ts';
import { bakeKey } from '../record/keys.ts';
import { advanceJudge } from '../bake/judge-record.ts';
import type { Ports } from '../ports.ts';
import { toDetail } from '../publish.ts';
import { readRecord, updateRecord, type Decision, type RecordChange, type RolloutRecord } from '../record/records.ts';
import { bakeSecondsOf, toJudged, toSituation, weightOf } from '../bake/situations.ts';

export interface Judging {
  readonly id: string;
  /** The bake that ended: asked again for the same one, it answers the same. */
  readonly bake: number;
  readonly endedBy: BakeEnd;
}

/** How long the next bake lasts: a pause until the deadline, a hold longer each time, and one that ended early its time again. */
function nextBakeSeconds(record: RolloutRecord, next: NextAction, counted: boolean, now: number): number {
  if (next.kind !== 'hold') return bakeSecondsOf(record, now);
  const left = (record.deadline - now) / 1000;
  return next.pause ? Math.max(1, Math.ceil(left)) : holdSeconds(bakeSecondsOf(record, now), counted ? record.holds : 0, left);
}

function phaseAfter({ promoted }: RolloutRecord, next: NextAction): Phase {
  if (next.kind === 'hold' && next.pause) return 'Paused';
  return promoted ? 'Promoting' : 'Progressing';
}

const GOING_ON: ReadonlySet<NextAction['kind']> = new Set(['advance', 'promote', 'finish']);

const MOST_VERDICTS = 200;

/** Which hook is asked before a rollout goes on from a bake; none when the bake was a wait, as the step has been asked before it. */
const hookAt = ({ promoted, step, waiting }: RolloutRecord): HookPoint | undefined => (promoted ? 'after' : step >= 0 && waiting === null ? 'step' : undefined);

/** What was asked of others before a rollout goes on. */
interface Found {
  readonly hook: HookVerdict | null;
  /** What someone else did to the route, that a person must see before the rollout ends. */
  readonly foreign: string | undefined;
}

function decide(record: RolloutRecord, judgement: Judgement, { bake, endedBy }: Judging, at: number, { hook, foreign }: Found): RecordChange {
  const action = record.pendingAction?.action ?? null;
  const planned = nextAction(toSituation(record, judgement, endedBy, action, at, hook));
  const halted = planned.kind === 'finish' && foreign !== undefined;
  const next: NextAction = halted ? { kind: 'hold', pause: true, reason: foreign } : planned;
  const who = record.pendingAction?.who ?? 'meshshift';
  const said = record.pendingAction?.reason ?? '';
  // A person who advances has seen the alarm that is waited for.
  const overrides = record.waiting?.for === 'alarm' && (action === 'advance' || action === 'promote') && GOING_ON.has(next.kind);
  const what = overrides ? `${next.reason}, in spite of the alarm` : next.reason;
  const reason = said === '' ? what : `${what}: ${said}`;
  // A bake that has had its time and is held: only these count towards longer holds.
  const counted = next.kind === 'hold' && !next.pause && action === null && (endedBy === 'time' || record.holds > 0);
  // Nothing is decided by what was measured while a rise only waited.
  const isTold = record.waiting === null || judgement.outcome === 'fail';
  const verdict: Verdict = { at, step: record.step, weight: weightOf(record), outcome: judgement.outcome, reason: judgement.reason, next: next.kind };
  const decision: Decision = {
    bake,
    action: next.kind,
    step: next.kind === 'advance' ? record.step + 1 : record.step,
    bakeSeconds: nextBakeSeconds(record, next, counted, at),
    error: next.kind === 'rollBack' ? next.error : '',
    reason,
  };
  return {
    record: {
      ...record,
      phase: phaseAfter(record, next),
      verdicts: isTold ? [...record.verdicts, verdict].slice(-MOST_VERDICTS) : record.verdicts,
      pendingAction: null,
      holds: counted ? record.holds + 1 : 0,
      paused: next.kind === 'hold' && next.pause,
      waiting: next.kind === 'hold' ? null : record.waiting,
      foreign: halted ? foreign : record.foreign,
      hookHold: next.kind === 'hold' && !next.pause && hook !== null && hook.outcome !== 'pass',
      overridden: record.overridden || overrides,
      reason,
      decision,
    },
    history: [
      ...(isTold ? [{ at, who: 'judge', kind: `verdict ${judgement.outcome}`, reason: judgement.reason }] : []),
      ...(hook === null ? [] : [{ at, who: 'hook', kind: `verdict ${hook.outcome}`, reason: hook.reason }]),
      { at, who, kind: halted ? 'halted' : next.kind, reason },
    ],
    // With the decision, so that a bake which opens late finds itself over.
    writes: [{ kind: 'delete', ...bakeKey(record.id) }],
  };
}

const ATTEMPTS = 5;

/** Asks the hook only where the rollout would go on, and anew when an action came meanwhile. */
async function decideOnce(ports: Ports, judging: Judging, judgement: Judgement): Promise<RolloutRecord> {
  for (let attempt = 1; ; attempt += 1) {
    const before = await readRecord(ports.store, judging.id);
    const planned = nextAction(toSituation(before, judgement, judging.endedBy, before.pendingAction?.action ?? null, ports.clock()));
    const point = GOING_ON.has(planned.kind) ? hookAt(before) : undefined;
    const hook = point === undefined ? null : await askHook(ports, before, point);
    const foreign = planned.kind === 'finish' ? await findUnseenChange(ports, before, 100) : undefined;
    const at = ports.clock();
    const isStale = (current: RolloutRecord): boolean => current.pendingAction?.at !== before.pendingAction?.at && attempt < ATTEMPTS;
    const record = await updateRecord(ports.store, judging.id, (current) =>
      isStale(current) || current.decision?.bake === judging.bake ? undefined : decide(current, judgement, judging, at, { hook, foreign }),
    );
    if (record.decision?.bake === judging.bake) return record;
  }
}

function eventOf(before: RolloutRecord, after: RolloutRecord): RolloutEventType {
  if (after.paused) return 'Rollout Paused';
  return before.paused ? 'Rollout Resumed' : 'Rollout Judged';
}

/**
 * Judges a bake that has ended and decides what follows; verdict, reason and decision are written down before they are answered.
 * @throws NotFound
 */
export async function judgeBake(ports: Ports, judging: Judging): Promise<Decision> {
  const before = await readRecord(ports.store, judging.id);
  if (before.decision?.bake === judging.bake) return before.decision;
  const { judgement } = await advanceJudge(ports, toJudged(before), 'all');
  const record = await decideOnce(ports, judging, judgement);
  if (record.decision === null) throw new Error(`the rollout ${judging.id} was judged without a decision`);
  await ports.publish(eventOf(before, record), toDetail(record, record.decision.reason));
  return record.decision;
}
