import { EFFECTS } from '../../src/canary/actions.ts';
import { holdSeconds, nextAction, type Situation } from '../../src/canary/next-action.ts';
import { ACTIONS, PHASES, type Outcome, type Waiting } from '../../src/contracts/rollout.ts';
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
  waiting: null,
  alarm: null,
  hook: null,
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
    ['an alarm, whatever is asked for', { endedBy: 'action', action: 'promote', alarm: 'it went off' }, 'rollBack'],
    ['advance', { endedBy: 'action', action: 'advance' }, 'advance'],
    ['advance never overrules a failing verdict', { endedBy: 'action', action: 'advance', judgement: judgements.fail }, 'rollBack'],
    ['promote', { endedBy: 'action', action: 'promote' }, 'promote'],
    ['promote once promoted', { endedBy: 'action', action: 'promote', promoted: true }, 'finish'],
    ['pause', { endedBy: 'action', action: 'pause' }, 'hold'],
    ['resume', { endedBy: 'action', action: 'resume', paused: true }, 'hold'],
  ] as const)('%s', (_, fields, kind) => expect(nextAction(situation(fields)).kind).toBe(kind));

  test('each way of giving up has its name', () => {
    expect(nextAction(situation({ action: 'abort' }))).toMatchObject({ error: 'RolloutAborted' });
    expect(nextAction(situation({ alarm: 'it went off' }))).toMatchObject({ error: 'AlarmRaised', reason: 'it went off' });
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

test('every action has an effect in every phase, and a phase that is over takes none but retry and undo', () => {
  for (const action of ACTIONS) expect(Object.keys(EFFECTS[action]).sort()).toEqual([...PHASES].sort());
  const taken = ACTIONS.flatMap((action) => (['Succeeded', 'RolledBack', 'Failed'] as const).filter((phase) => EFFECTS[action][phase] === 'take').map((phase) => `${action} ${phase}`));
  expect(taken).toEqual(['retry RolledBack', 'retry Failed', 'undo Succeeded']);
});

describe('after a wait', () => {
  const waiting = (kind: Waiting['for'], raise: Waiting['raise'] = 'step'): Waiting => ({ for: kind, raise, since: 0, until: 1, reason: 'waits' });
  test.each([
    ['goes on, whatever is missing to judge by', { waiting: waiting('window'), judgement: judgements.idle }, 'advance'],
    ['goes on to the promotion', { waiting: waiting('approval', 'promotion'), step: 1 }, 'promote'],
    ['before the first step', { waiting: waiting('freeze'), step: -1, judgement: judgements.idle }, 'advance'],
    ['a failing verdict', { waiting: waiting('window'), judgement: judgements.fail }, 'rollBack'],
    ['abort', { waiting: waiting('window'), action: 'abort', endedBy: 'action' }, 'rollBack'],
    ['pause', { waiting: waiting('window'), action: 'pause', endedBy: 'action' }, 'hold'],
    ['a window beyond the deadline', { waiting: waiting('window'), pastDeadline: true }, 'advance'],
    ['a freeze beyond the deadline', { waiting: waiting('freeze'), pastDeadline: true }, 'rollBack'],
    ['resumed before the first step', { step: -1, judgement: judgements.idle }, 'advance'],
  ] as const)('%s', (_, fields, kind) => expect(nextAction(situation(fields)).kind).toBe(kind));
});

describe('a hook', () => {
  const hook = (outcome: Outcome) => ({ outcome, reason: `hook ${outcome}` });
  test.each([
    ['yes', { hook: hook('pass') }, 'advance'],
    ['no', { hook: hook('fail') }, 'rollBack'],
    ['not yet', { hook: hook('inconclusive') }, 'hold'],
    ['unreachable', { hook: hook('error') }, 'hold'],
    ['not yet, past the deadline', { hook: hook('inconclusive'), pastDeadline: true }, 'rollBack'],
    ['no, against an advance by hand', { hook: hook('fail'), action: 'advance', endedBy: 'action' }, 'rollBack'],
    ['no, against a promotion by hand', { hook: hook('fail'), action: 'promote', endedBy: 'action' }, 'rollBack'],
    ['not yet, after promotion', { hook: hook('inconclusive'), promoted: true }, 'hold'],
  ] as const)('%s', (_, fields, kind) => expect(nextAction(situation(fields)).kind).toBe(kind));
});
