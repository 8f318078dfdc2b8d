import { renderRollout } from '../../../src/cli/view/live.ts';
import { progressLines } from '../../../src/cli/view/progress.ts';
import { toRolloutView } from '../../../src/cli/view/rollout-view.ts';
import { coloured } from '../../../src/cli/view/words.ts';
import { atSecond, between, rolledBack, rollout, succeeded } from './rollouts.ts';

describe('a rollout as it is shown', () => {
  test('a bake under way has its progress and the judgement of this moment', () => {
    expect(toRolloutView(rollout(), 4_500).steps).toMatchObject([
      { number: 1, weight: 25, state: 'baking', progress: 0.25, verdict: { outcome: 'inconclusive' } },
      { number: 2, weight: 100, state: 'waiting', progress: 0, measured: null, verdict: null },
    ]);
  });

  test.each([
    [1_000, 0],
    [99_000, 1],
  ])('progress at %d stays within its bar', (now, progress) => {
    expect(toRolloutView(rollout(), now).steps[0]?.progress).toBe(progress);
  });

  test('the judgement of one step is not shown for the next before its bake begins', () => {
    const shifting = rollout({ ...between, step: 1 });
    expect(toRolloutView(shifting, 12_500).steps[1]).toMatchObject({ state: 'baking', verdict: null, progress: 0 });
  });

  test('without measurements there is no observed share, whatever is intended', () => {
    const [row] = renderRollout(toRolloutView(rollout({ measurements: [] }), 4_500), 120).filter((line) => line.includes('1/2'));
    expect(row).toMatch(/1\/2 +25 % +- +- +-/);
  });
});

describe('the live picture', () => {
  const lines = (now: number, width = 140) => renderRollout(toRolloutView(rollout(), now), width);

  test('shows intended against observed, requests, errors, a bar and the verdict', () => {
    expect(lines(7_000)).toEqual([
      'svc1 v2: svcNode1 → svcNode1v2  progressing  6.0 s',
      '  step  intended  observed  requests  errors  bake                         verdict',
      '   1/2      25 %    24.7 %     2,000       4  ██████████░░░░░░░░░░ 10.0 s  inconclusive',
      '   2/2     100 %         -         -       -  ░░░░░░░░░░░░░░░░░░░░ 10.0 s',
      '  step 1: inconclusive: errors: too few',
    ]);
  });

  test('wraps a long reason', () => {
    const reason = `errors: ${'canary 0 of 581 requests '.repeat(4)}`.trimEnd();
    const picture = renderRollout(toRolloutView(rollout({ judgement: { outcome: 'pass', reason } }), 7_000), 80);
    expect(picture.slice(4).map((line) => line.slice(2)).join(' ')).toBe(`step 1: pass: ${reason}`);
    expect(picture).toHaveLength(6);
  });

  test.each([40, 60, 80])('is never wider than %d columns', (width) => {
    for (const line of lines(7_000, width).slice(1)) expect(Array.from(line).length).toBeLessThanOrEqual(width);
  });

  test('colours change nothing but colours', () => {
    const view = toRolloutView(succeeded, 30_000);
    const painted = renderRollout(view, 100, coloured);
    // eslint-disable-next-line no-control-regex -- the codes are what is looked for
    expect(painted.map((line) => line.replace(/\u001B\[\d+m/g, ''))).toEqual(renderRollout(view, 100));
    expect(painted.join('')).toContain('\u001B[32m');
  });
});

describe('progress, line by line', () => {
  const views = [rollout({ step: -1, phase: 'Pending', bake: null, judgement: null, measurements: [] }), rollout(), rollout(), between, atSecond, succeeded].map((entry) => toRolloutView(entry, 5_000));
  const told = (from: readonly (typeof views)[number][]): string[] => from.flatMap((view, index) => progressLines(from[index - 1], view));

  test('tells each thing once', () => {
    expect(told(views)).toEqual([
      'svc1 v2: rollout svc1-0123456789abcdef-1 from svcNode1 to svcNode1v2',
      'svc1 v2: step 1 of 2: 25 % to svcNode1v2, bake 10.0 s',
      'svc1 v2: progressing',
      'svc1 v2: step 1 of 2: intended 25 %, observed 24.7 % of 2,000 requests, errors: canary 3 of 494, stable 1 of 1,506; pass: good',
      'svc1 v2: step 2 of 2: 100 % to svcNode1v2, bake 10.0 s',
      'svc1 v2: step 2 of 2: intended 100 %, observed 100.0 % of 2,000 requests, no errors; inconclusive: no stable side',
      'svc1 v2: succeeded after 22.0 s: promoted',
    ]);
  });

  test('tells a rollback and its reason once, and no step that was not reached', () => {
    expect(told([views[1]!, toRolloutView(rolledBack, 5_000)]).slice(-2)).toEqual([
      'svc1 v2: step 1 of 2: intended 25 %, observed 24.7 % of 2,000 requests, errors: canary 3 of 494, stable 1 of 1,506; fail: worse',
      'svc1 v2: rolled back after 2.5 s',
    ]);
  });

  test('tells a rollout that had ended before it was looked at', () => {
    expect(told([toRolloutView(succeeded, 30_000)])).toHaveLength(6);
  });
});
