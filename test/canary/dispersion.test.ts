import { addDispersion, disperse, knownPhiOf, NO_DISPERSION, phiOf, phiToPass, startDispersion, toDispersion, UNKNOWN_PHI, type DispersionState, type KnownPhi } from '../../src/canary/judge/dispersion.ts';
import { binomial, seeded } from './random.ts';

type Side = (second: number, random: () => number, total: number) => number;
const alone: Side = (_, random, total) => binomial(random, total, 0.04);
/** Bad requests by tens, each ten at once. */
const byTens: Side = (_, random, total) => Math.min(total, 10 * binomial(random, total, 0.004));

/** So many seconds of traffic, a quarter of it on the canary, read by intervals of a second or shorter. */
function watch(bad: { readonly canary: Side; readonly stable: Side }, seconds: number, seed: number, parts = 1): DispersionState {
  const random = seeded(seed);
  let state = startDispersion(0);
  for (let part = 1; part <= seconds * parts; part += 1) {
    const second = Math.ceil(part / parts);
    const side = (total: number, of: Side) => ({ total, bad: of(second, random, total) });
    state = disperse(state, { canary: side(50 / parts, bad.canary), stable: side(150 / parts, bad.stable) }, (part * 1000) / parts);
  }
  return state;
}
const phi = (...args: Parameters<typeof watch>): number => phiOf(toDispersion(watch(...args)));

test('nothing known is 1: a first rollout is judged as quickly as can be', () => {
  expect(phiOf(NO_DISPERSION)).toBe(1);
  expect(phiOf(toDispersion(startDispersion(5)))).toBe(1);
});

test.each([
  ['one by one', alone, alone, 1, 1.2],
  ['one by one, read five times a second', alone, alone, 1, 1.2],
  ['by tens', byTens, byTens, 7, 13],
])('of bad requests that come %s', (what, canary, stable, least, most) => {
  for (let seed = 1; seed <= 3; seed += 1) {
    const found = phi({ canary, stable }, 1800, seed, what.endsWith('a second') ? 5 : 1);
    expect(found).toBeGreaterThanOrEqual(least);
    expect(found).toBeLessThanOrEqual(most);
  }
});

test('an incident that both sides share is no burst', () => {
  const shared: Side = (second, random, total) => binomial(random, total, second % 300 < 40 ? 0.3 : 0.04);
  expect(phi({ canary: shared, stable: shared }, 1800, 3)).toBeLessThan(1.3);
});

test("where the canary had no bad request, stable's own bursts are what is known", () => {
  const none: Side = () => 0;
  expect(phi({ canary: none, stable: byTens }, 1800, 4)).toBeGreaterThan(2);
});

test('what good rollouts have shown adds up, the older counting less and less', () => {
  const [calm, bursts] = [toDispersion(watch({ canary: alone, stable: alone }, 1800, 5)), toDispersion(watch({ canary: byTens, stable: byTens }, 1800, 6))];
  const both = addDispersion(calm, bursts);
  expect(both.blocks).toBe(calm.blocks + bursts.blocks);
  expect(phiOf(both)).toBeGreaterThan(phiOf(calm));
  const long = Array.from({ length: 100 }).reduce<typeof calm>((sum) => addDispersion(sum, calm), bursts);
  expect(long.blocks).toBeLessThanOrEqual(4320);
  expect(phiOf(long)).toBeLessThan(1.2);
});

/** Good rollouts have shown so much that nothing is left to guess. */
const knowing = (phi: number): KnownPhi => ({ phi, seen: 1e6 });

test('what was seen for a few seconds says less for passing', () => {
  const [first, later] = [watch({ canary: alone, stable: alone }, 3, 8), watch({ canary: alone, stable: alone }, 300, 8)];
  expect(phiToPass(knowing(1), first)).toBeGreaterThan(3);
  expect(phiToPass(knowing(1), later)).toBeLessThan(1.3);
});

test('a canary whose own bad requests come by bursts is passed later, and failed as soon', () => {
  const state = watch({ canary: byTens, stable: alone }, 600, 7);
  expect(phiToPass(knowing(1), state)).toBeGreaterThan(5);
  expect(phiToPass(knowing(20), state)).toBeCloseTo(20, -1);
  expect(phiToPass(knowing(1), watch({ canary: alone, stable: byTens }, 600, 7))).toBeLessThan(1.5);
});

test('as long as hardly a bad request was seen, they may come by bursts of five: in this rollout or in good ones before it', () => {
  const none: Side = () => 0;
  const [silent, telling] = [watch({ canary: none, stable: none }, 600, 9), watch({ canary: alone, stable: alone }, 600, 9)];
  expect(phiToPass(UNKNOWN_PHI, silent)).toBeCloseTo(5, 0);
  expect(phiToPass(UNKNOWN_PHI, telling)).toBeLessThan(1.5);
  const learned = knownPhiOf(toDispersion(watch({ canary: alone, stable: alone }, 1800, 10)));
  expect(phiToPass(learned, silent)).toBeLessThan(1.5);
});
