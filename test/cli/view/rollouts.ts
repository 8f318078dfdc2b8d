import type { Rollout } from '../../../src/contracts/rollout.ts';

/** A rollout of svc1 v2 through 25 and 100 percent, in its first bake. */
export const rollout = (changes: Partial<Rollout> = {}): Rollout => ({
  id: 'svc1-0123456789abcdef-1',
  definition: 'svc1',
  attempt: 1,
  trigger: 'image push (meshshift.sample)',
  lockstep: null,
  image: { repository: 'svc1', tag: 'v2' },
  phase: 'Progressing',
  step: 0,
  steps: [
    { weight: 25, bakeSeconds: 10 },
    { weight: 100, bakeSeconds: 10 },
  ],
  target: { mesh: 'pgMesh', virtualRouter: 'svcNode1', route: 'svcNode1' },
  stable: 'svcNode1',
  canary: 'svcNode1v2',
  weights: { svcNode1: 75, svcNode1v2: 25 },
  fence: 1,
  routeBefore: null,
  pendingAction: null,
  verdicts: [],
  measurements: [{ step: 0, weight: 25, canary: { requests: 494, errors: 3 }, stable: { requests: 1506, errors: 1 }, observedShare: 24.7 }],
  history: [],
  bake: { step: 0, startedAt: 2_000, endsAt: 12_000 },
  judgement: { outcome: 'inconclusive', reason: 'errors: too few' },
  startedAt: 1_000,
  endedAt: null,
  deadline: 600_000,
  executionArn: 'arn:aws:states:us-east-1:000000000000:execution:meshshift-dev-canary:svc1-0123456789abcdef-1',
  reason: '',
  ...{ approvals: [], waiting: null, alarm: null },
  ...changes,
});

const passed = { at: 12_000, step: 0, weight: 25, outcome: 'pass', reason: 'good', next: 'advance' } as const;

export const between = rollout({ verdicts: [passed], bake: null, judgement: { outcome: 'pass', reason: 'good' } });
export const atSecond = rollout({ ...between, step: 1, bake: { step: 1, startedAt: 12_000, endsAt: 22_000 }, judgement: { outcome: 'inconclusive', reason: 'no stable side' } });
export const succeeded = rollout({
  ...atSecond,
  phase: 'Succeeded',
  endedAt: 23_000,
  bake: null,
  judgement: null,
  verdicts: [passed, { ...passed, step: 1, weight: 100, outcome: 'inconclusive', reason: 'no stable side', next: 'promote' }],
  measurements: [...rollout().measurements, { step: 1, weight: 100, canary: { requests: 2_000, errors: 0 }, stable: { requests: 0, errors: 0 }, observedShare: 100 }],
  reason: 'promoted',
});
export const rolledBack = rollout({
  phase: 'RolledBack',
  endedAt: 3_500,
  bake: null,
  judgement: null,
  verdicts: [{ ...passed, outcome: 'fail', reason: 'worse', next: 'rollBack' }],
  reason: 'VerdictFailed: worse',
});
