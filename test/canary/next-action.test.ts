import { EFFECTS } from '../../src/canary/actions.ts';
import { holdSeconds, nextAction, type Situation } from '../../src/canary/next-action.ts';
import { ACTIONS, PHASES } from '../../src/contracts/rollout.ts';
import type { Judgement } from '../../src/canary/judge/judge.ts';

const judgements = {
  pass: { outcome: 'pass', lack: null, reason: 'good' },
  fail: { outcome: 'fail', lack: null, reason: 'worse' },
  undecided: { outcome: 'inconclusive', lack: 'evidence', reason: 'undecided' },
  idle: { outcome: 'inconclusive', lack: 'traffic', reason: 'idle' },
  alone: { outcome: 'inconclusive', lack: 'stable', reason: 'alone' },
  outage: { outcome: 'error', lack: 'metrics', reason: 'outage' },
} as const satisfies Record<string, Judgement>;

const steps = [25, 50, 100].map((weight) => ({ weight, bakeSeconds: 60 }));
const situation = (fields: Partial<Situation>): Situation => ({
  judgement: judgements.pass,
  endedBy: 'time',
  action: null,
  step: 0,
  steps,
  promoted: false,
  holds: 0,
  paused: false,
  pastDeadline: false,
  analysis: { onInconclusive: 'advance', noTraffic: 'hold', metricsOutage: 'hold' },
  advance: 'atEnd',
  ...fields,
});

describe('at the end of a bake', () => {
  const rollBacks = { onInconclusive: 'rollBack', noTraffic: 'rollBack', metricsOutage: 'rollBack' } as const;
  const advances = { onInconclusive: 'advance', noTraffic: 'advance', metricsOutage: 'advance' } as const;
  test.each([
    ['pass', { judgement: judgements.pass }, 'advance'],
    ['pass of the last step', { judgement: judgements.pass, step: 2 }, 'promote'],
    ['pass once promoted', { judgement: judgements.pass, step: 3, promoted: true }, 'finish'],
    ['fail', { judgement: judgements.fail }, 'rollBack'],
    ['undecided', { judgement: judgements.undecided }, 'advance'],
    ['undecided, held', { judgement: judgements.undecided, analysis: { ...advances, onInconclusive: 'hold' as const } }, 'hold'],
    ['undecided, rolled back', { judgement: judgements.undecided, analysis: rollBacks }, 'rollBack'],
    ['no traffic', { judgement: judgements.idle }, 'hold'],
    ['no traffic, advanced', { judgement: judgements.idle, analysis: advances }, 'advance'],
    ['no traffic, rolled back', { judgement: judgements.idle, analysis: rollBacks }, 'rollBack'],
    ['outage', { judgement: judgements.outage }, 'hold'],
    ['outage, advanced', { judgement: judgements.outage, analysis: advances }, 'advance'],
    ['outage past the deadline', { judgement: judgements.outage, pastDeadline: true }, 'rollBack'],
    ['no stable side', { judgement: judgements.alone, step: 2, analysis: { ...rollBacks } }, 'promote'],
    ['paused', { paused: true }, 'hold'],
    ['paused past the deadline', { paused: true, pastDeadline: true }, 'rollBack'],
    ['pass past the deadline', { pastDeadline: true }, 'advance'],
  ] as const)('%s', (_, fields, kind) => expect(nextAction(situation(fields)).kind).toBe(kind));
});

describe('when a bake ends early', () => {
  test.each([
    ['a passing verdict advances where asked', { endedBy: 'verdict', advance: 'onPass' }, 'advance'],
    ['a passing verdict waits for the end otherwise', { endedBy: 'verdict' }, 'hold'],
    ['a held bake has had its time', { endedBy: 'verdict', holds: 1 }, 'advance'],
    ['an action that is gone decides nothing', { endedBy: 'action' }, 'hold'],
    ['abort', { endedBy: 'action', action: 'abort' }, 'rollBack'],
    ['abort while failing', { endedBy: 'action', action: 'abort', judgement: judgements.fail }, 'rollBack'],
    ['advance', { endedBy: 'action', action: 'advance' }, 'advance'],
    ['advance never overrules a failing verdict', { endedBy: 'action', action: 'advance', judgement: judgements.fail }, 'rollBack'],
    ['promote', { endedBy: 'action', action: 'promote' }, 'promote'],
    ['promote once promoted', { endedBy: 'action', action: 'promote', promoted: true }, 'finish'],
    ['pause', { endedBy: 'action', action: 'pause' }, 'hold'],
    ['resume', { endedBy: 'action', action: 'resume', paused: true }, 'hold'],
  ] as const)('%s', (_, fields, kind) => expect(nextAction(situation(fields)).kind).toBe(kind));

  test('each way of giving up has its name', () => {
    expect(nextAction(situation({ action: 'abort' }))).toMatchObject({ error: 'RolloutAborted' });
    expect(nextAction(situation({ judgement: judgements.fail }))).toMatchObject({ error: 'VerdictFailed', reason: 'worse' });
    expect(nextAction(situation({ judgement: judgements.idle, pastDeadline: true }))).toMatchObject({ error: 'DeadlineExceeded', reason: 'the deadline has passed; idle' });
  });

  test('pausing holds as paused, resuming does not', () => {
    expect(nextAction(situation({ action: 'pause' }))).toMatchObject({ kind: 'hold', pause: true });
    expect(nextAction(situation({ action: 'resume', paused: true }))).toMatchObject({ kind: 'hold', pause: false });
  });
});

test('holds double, so that hours of them are few, and end at the deadline', () => {
  expect([0, 1, 2, 3].map((holds) => holdSeconds(60, holds, 10_000))).toEqual([60, 120, 240, 480]);
  expect(holdSeconds(60, 3, 100)).toBe(100);
  expect(holdSeconds(60, 3, -5)).toBe(1);
});

test('every action has an effect in every phase, and a phase that is over takes none but retry', () => {
  for (const action of ACTIONS) expect(Object.keys(EFFECTS[action]).sort()).toEqual([...PHASES].sort());
  for (const action of ACTIONS) for (const phase of ['Succeeded', 'RolledBack', 'Failed'] as const) expect(EFFECTS[action][phase] === 'take').toBe(action === 'retry' && phase !== 'Succeeded');
});
