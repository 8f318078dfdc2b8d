import type { Counts, Pair } from './e-values.ts';

/** Sums of (x − n·w)² and of n·w(1 − w): how far the n bad requests of two parts of the traffic lie from the share w that one part has of all requests. */
interface Spread {
  readonly squares: number;
  readonly expected: number;
}

/** How bad requests come while nothing is wrong: at random one by one, or in bursts. */
export interface Dispersion {
  /** Canary against stable, by blocks of time, in rollouts that were good: an A/A split with the rollout's own share. */
  readonly split: Spread;
  /** Stable of one second against stable of the next: what can be known of it where the canary had hardly a bad request. Slow changes of the rate cancel. */
  readonly stable: Spread;
  /** Blocks of the split. */
  readonly blocks: number;
}

/** One side's second under way, and the one before it. */
interface Seconds {
  readonly spread: Spread;
  /** How many seconds were held against the one before. */
  readonly pairs: number;
  readonly second: Counts & { readonly since: number };
  readonly before: Counts | null;
}

/** What a rollout has gathered, with what is under way. */
export interface DispersionState {
  readonly split: Spread;
  readonly blocks: number;
  readonly block: { readonly since: number; readonly deviation: number; readonly expected: number };
  readonly stable: Seconds;
  readonly canary: Seconds;
}

const NO_SPREAD: Spread = { squares: 0, expected: 0 };
export const NO_DISPERSION: Dispersion = { split: NO_SPREAD, stable: NO_SPREAD, blocks: 0 };

export function startDispersion(now: number): DispersionState {
  const seconds: Seconds = { spread: NO_SPREAD, pairs: 0, second: { since: now, total: 0, bad: 0 }, before: null };
  return { split: NO_SPREAD, blocks: 0, block: { since: now, deviation: 0, expected: 0 }, stable: seconds, canary: seconds };
}

/** Bursts last for seconds: by single intervals each of their parts would look harmless. */
const BLOCK_MS = 10_000;
const SECOND_MS = 1000;

const add = (spread: Spread, deviation: number, expected: number): Spread => ({ squares: spread.squares + deviation ** 2, expected: spread.expected + expected });

function disperseSplit(state: DispersionState, { canary, stable }: Pair, at: number): Pick<DispersionState, 'split' | 'blocks' | 'block'> {
  const n = canary.bad + stable.bad;
  const w = canary.total / (canary.total + stable.total);
  const { since, ...sums } = state.block;
  const block = { deviation: sums.deviation + canary.bad - n * w, expected: sums.expected + n * w * (1 - w) };
  if (at - since < BLOCK_MS) return { split: state.split, blocks: state.blocks, block: { since, ...block } };
  return { split: add(state.split, block.deviation, block.expected), blocks: state.blocks + 1, block: { since: at, deviation: 0, expected: 0 } };
}

function disperseSeconds({ spread, pairs, second: { since, ...sums }, before }: Seconds, { total, bad }: Counts, at: number): Seconds {
  const second = { total: sums.total + total, bad: sums.bad + bad };
  if (at - since < SECOND_MS) return { spread, pairs, second: { since, ...second }, before };
  const next = { second: { since: at, total: 0, bad: 0 }, before: second };
  if (before === null) return { spread, pairs, ...next };
  const n = second.bad + before.bad;
  const w = second.total / Math.max(1, second.total + before.total);
  return { spread: add(spread, second.bad - n * w, n * w * (1 - w)), pairs: pairs + 1, ...next };
}

/** Adds an interval; what compares the sides only where both had requests. */
export const disperse = (state: DispersionState, pair: Pair, at: number): DispersionState => ({
  ...state,
  ...(pair.canary.total > 0 && pair.stable.total > 0 ? { ...disperseSplit(state, pair, at), stable: disperseSeconds(state.stable, pair.stable, at) } : {}),
  canary: disperseSeconds(state.canary, pair.canary, at),
});

export const toDispersion = ({ split, blocks, stable }: DispersionState): Dispersion => ({ split, blocks, stable: stable.spread });

/** Half a day of blocks: what is older counts less and less. */
const MOST_BLOCKS = 4320;

/** What was known and what a good rollout adds to it. */
export function addDispersion(known: Dispersion, { split, stable, blocks }: Dispersion): Dispersion {
  const kept = Math.min(1, Math.max(0, MOST_BLOCKS - blocks) / Math.max(1, known.blocks));
  const sum = (one: Spread, other: Spread): Spread => ({ squares: one.squares * kept + other.squares, expected: one.expected * kept + other.expected });
  return { split: sum(known.split, split), stable: sum(known.stable, stable), blocks: known.blocks * kept + blocks };
}

/** So many expected bad requests of the canary count as much as all that stable says. */
const PRIOR_WEIGHT = 50;
/** And so many of one side as the guess that each comes alone: nothing known is φ = 1, as a first rollout is to be as quick as can be. */
const PRIOR_EVENTS = 10;

const ofSide = ({ squares, expected }: Spread): number => Math.max(1, (squares + PRIOR_EVENTS) / (expected + PRIOR_EVENTS));

/**
 * φ = Σ (xC − n·w)² / Σ n·w(1 − w), at least 1: where bad requests come in bursts, so many of them say as much as one. Each log e-value is divided by it;
 * by Jensen's inequality that keeps a test valid that is so without. As long as the canary had few bad requests, stable's own dispersion stands in:
 * with independent sides φ is (1 − w) times the canary's plus w times stable's.
 */
export function phiOf({ split, stable }: Dispersion): number {
  const ofStable = ofSide(stable);
  return Math.max(1, (split.squares + PRIOR_WEIGHT * ofStable) / (split.expected + PRIOR_WEIGHT));
}

/** φ by what good rollouts have shown, and how much they have shown: the expected part of a spread, about half of the bad requests. */
export interface KnownPhi {
  readonly phi: number;
  readonly seen: number;
}

export const UNKNOWN_PHI: KnownPhi = { phi: 1, seen: 0 };

export const knownPhiOf = (dispersion: Dispersion): KnownPhi => ({ phi: phiOf(dispersion), seen: dispersion.stable.expected });

/** Within a few seconds nobody knows yet how steady a version is: after so many, what they say counts by half. */
const FEW_SECONDS = 10;

/** How large bursts of bad requests are guessed to be as long as hardly any was seen: a side that had none may have had luck. */
const UNSEEN_BURST = 5;
/** After so much seen (as KnownPhi has it) that guess counts by half. */
const ENOUGH_SEEN = 100;

/**
 * φ of the test that passes a version, which can wait: a canary whose own bad requests come in bursts is known less well than they count, whatever good rollouts were
 * like, and so is one whose bad requests are too few to tell. Not of the test that fails one: where a version turns bad at once, that is no burst.
 */
export function phiToPass({ phi, seen }: KnownPhi, { canary: { spread, pairs }, stable }: DispersionState): number {
  const unseen = ENOUGH_SEEN / (ENOUGH_SEEN + seen + stable.spread.expected + spread.expected);
  return Math.max(phi, ofSide(spread), 1 + (UNSEEN_BURST - 1) * unseen) * (1 + FEW_SECONDS / (1 + pairs));
}
