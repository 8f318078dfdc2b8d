import { DEPENDENCIES, type Call } from './calls.ts';
import { FAULTS, FAULT_NAMES, type FaultName } from './faults.ts';
import type { Kind } from './kinds.ts';
import { runKind, type MeddleNth } from './run-kind.ts';

/** One rollout in which something goes wrong once, or for a while. */
export interface Case {
  readonly kind: Kind;
  readonly fault: FaultName;
  /** Which outgoing call is hit, from 0. */
  readonly nth: number;
  /** The call as it was recorded. */
  readonly call: Call;
  /** How long everything goes wrong that is asked of what was called, from that call on; absent: that call alone. */
  readonly outageMs?: number;
}

/** The looks of a watch that nothing comes of are alike: of those in a row the first and the last. */
const WATCHED = 3;

/** Places of the calls that are worth being hit. */
function placesOf(calls: readonly Call[]): number[] {
  const isWatch = (index: number): boolean => calls[index]?.by === 'watch';
  const near = (index: number, step: number): boolean => Array.from({ length: WATCHED }, (_, away) => index + step * (away + 1)).some((other) => !isWatch(other));
  return calls.flatMap((_, index) => (!isWatch(index) || near(index, 1) || near(index, -1) ? [index] : []));
}

/** Every call of a kind, as a run without faults made them, by every fault. */
export function singleCases(kind: Kind, calls: readonly Call[]): Case[] {
  return placesOf(calls).flatMap((nth) => FAULT_NAMES.map((fault) => ({ kind, fault, nth, call: calls[nth]! })));
}

/** Each dependency gone for a while, from the first call on that each function makes to it, in each way. */
export function outageCases(kind: Kind, calls: readonly Call[], outageMs: number): Case[] {
  const faults = FAULT_NAMES.filter((fault) => fault !== 'slow');
  return DEPENDENCIES.flatMap((dependency) => {
    const firsts = new Map(calls.map((call, nth) => ({ call, nth })).filter(({ call }) => call.to === dependency).reverse().map((entry) => [entry.call.by, entry]));
    return [...firsts.values()].flatMap(({ call, nth }) => faults.map((fault) => ({ kind, fault, nth, call, outageMs })));
  });
}

/** What a case says of itself. */
export const tell = ({ kind, fault, nth, call, outageMs }: Case): string =>
  `${kind.name}: call ${nth}, ${call.by} → ${call.to} ${call.operation}: ${fault}${outageMs === undefined ? '' : `, for ${outageMs / 1000} s`}`;

/** Runs a case; answers what is wrong with its end. */
export async function runCase({ kind, fault, nth, call, outageMs }: Case, isSameEnd = true): Promise<string[]> {
  let until: number | undefined;
  let hit = 0;
  const meddle: MeddleNth = (made, perform, { wait, now }, place) => {
    if (place === nth) until = now() + (outageMs ?? 0);
    const isHit = place === nth || (outageMs !== undefined && until !== undefined && now() < until && made.to === call.to);
    if (!isHit) return perform();
    hit += 1;
    if (place === nth && (made.by !== call.by || made.operation !== call.operation)) throw new Error(`call ${nth} is ${made.by} ${made.operation}`);
    return FAULTS[fault](made, perform, wait);
  };
  const found = await runKind(kind, meddle, isSameEnd);
  // An event that the bus did not take is lost, as a rollout must not depend on who listens.
  const wrong = found.wrong.filter((text) => call.to !== 'bus' || !text.startsWith('nobody was told'));
  return hit === 0 ? [...wrong, 'the call was not made'] : wrong;
}
