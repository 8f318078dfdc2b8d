import type { Pair } from './e-values.ts';

/**
 * How far the bad requests lie from the split of the traffic, while the canary was no worse than stable: an A/A split with the rollout's own share.
 * Sums over blocks of time of (xC − n·w)² and of n·w(1 − w), where n is the bad requests of both sides and w the canary's part of all requests.
 */
export interface Dispersion {
  readonly squares: number;
  readonly expected: number;
  /** Bad requests of both sides. */
  readonly bad: number;
  readonly blocks: number;
}

/** What a rollout has gathered, and the block under way. */
export interface DispersionState extends Dispersion {
  readonly block: { readonly since: number; readonly deviation: number; readonly expected: number };
}

export const NO_DISPERSION: Dispersion = { squares: 0, expected: 0, bad: 0, blocks: 0 };
export const startDispersion = (now: number): DispersionState => ({ ...NO_DISPERSION, block: { since: now, deviation: 0, expected: 0 } });

/** Bursts last for seconds: by single intervals each of their parts would look harmless. */
const BLOCK_MS = 10_000;

/** Adds an interval in which both sides had requests. */
export function disperse(state: DispersionState, { canary, stable }: Pair, at: number): DispersionState {
  const n = canary.bad + stable.bad;
  const w = canary.total / (canary.total + stable.total);
  const block = { since: state.block.since, deviation: state.block.deviation + canary.bad - n * w, expected: state.block.expected + n * w * (1 - w) };
  const next = { ...state, bad: state.bad + n, block };
  if (at - block.since < BLOCK_MS) return next;
  return { squares: next.squares + block.deviation ** 2, expected: next.expected + block.expected, bad: next.bad, blocks: next.blocks + 1, block: { since: at, deviation: 0, expected: 0 } };
}

/** Half a day of blocks: what is older counts less and less. */
const MOST_BLOCKS = 4320;

/** What was known and what a good rollout adds to it. */
export function addDispersion(known: Dispersion, { squares, expected, bad, blocks }: Dispersion): Dispersion {
  const kept = Math.min(1, Math.max(0, MOST_BLOCKS - blocks) / Math.max(1, known.blocks));
  return { squares: known.squares * kept + squares, expected: known.expected * kept + expected, bad: known.bad * kept + bad, blocks: known.blocks * kept + blocks };
}

/** With fewer bad requests, or over a shorter time, a measured dispersion says little. */
const ENOUGH_BAD = 200;
const ENOUGH_BLOCKS = 30;
/** Where little is known and that little hints at bursts. */
const HINT = 1.5;
const CAUTIOUS = 5;

/**
 * φ = Σ (xC − n·w)² / Σ n·w(1 − w), at least 1: where bad requests come in bursts, so many of them say as much as one. Each log e-value is divided by it;
 * by Jensen's inequality that keeps a test valid that is so without. Nothing known is 1: a first rollout is as quick as can be.
 */
export function phiOf({ squares, expected, bad, blocks }: Dispersion): number {
  const measured = expected > 0 ? Math.max(1, squares / expected) : 1;
  if (bad >= ENOUGH_BAD && blocks >= ENOUGH_BLOCKS) return measured;
  return measured > HINT ? Math.max(CAUTIOUS, measured) : 1;
}
