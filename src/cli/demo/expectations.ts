import { toRolloutResult, type Release } from './result.ts';

/** How far an observed share may be from the intended one, in points: a step sees some 2,000 requests. */
const TOLERANCE = 5;

/** What is not as it should be after the good release; empty when all is. */
export function checkGoodRelease(release: Release): string[] {
  const { outcome, steps, errors } = toRolloutResult(release);
  return [
    ...(outcome === 'Succeeded' ? [] : [`the good release ended ${outcome}: ${release.rollout.reason}`]),
    ...steps.flatMap(({ weight, observed }) =>
      observed !== null && Math.abs(observed - weight) <= TOLERANCE ? [] : [`at an intended ${weight} %, ${observed === null ? 'nothing' : `${observed} %`} was observed`],
    ),
    ...(errors === 0 ? [] : [`the caller saw ${errors} errors during the good release`]),
  ];
}

/** What is not as it should be after the bad release; `before` and `after` are the route's spec as the API answered it. */
export function checkBadRelease(release: Release, before: string, after: string): string[] {
  const { outcome, rollbackMs } = toRolloutResult(release);
  return [
    ...(outcome === 'RolledBack' ? [] : [`the bad release ended ${outcome}: ${release.rollout.reason}`]),
    ...(rollbackMs === undefined ? ['the caller saw no bad answer of the bad release'] : []),
    ...(before === after ? [] : [`the route is not as it was: ${before} became ${after}`]),
  ];
}
