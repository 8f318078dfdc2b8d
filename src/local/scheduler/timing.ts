import { nextTime, parseExpression, type Expression } from '../../contracts/schedule/expressions.ts';
import type { ScheduleInput } from './shapes.ts';

/** A time that a schedule is for, and when it runs: at once, or later within its flexible window. Epoch ms. */
export interface Run {
  readonly scheduledAt: number;
  readonly dueAt: number;
}

/** Scheduler keeps a time to the minute: what is late by less is on time. */
const PRECISION_MS = 60_000;

/** Gives a number from 0 up to, not including, 1. */
export type Random = () => number;

const MINUTE_MS = 60_000;
const toMs = (seconds: number | undefined): number | undefined => (seconds === undefined ? undefined : seconds * 1000);

const expressionOf = ({ ScheduleExpression }: ScheduleInput): Expression => parseExpression(ScheduleExpression);
export const isOneTime = (input: ScheduleInput): boolean => expressionOf(input).kind === 'at';

function toRun({ FlexibleTimeWindow }: ScheduleInput, scheduledAt: number, random: Random): Run {
  const window = FlexibleTimeWindow.Mode === 'OFF' ? 0 : (FlexibleTimeWindow.MaximumWindowInMinutes ?? 0) * MINUTE_MS;
  return { scheduledAt, dueAt: scheduledAt + Math.floor(random() * window) };
}

/** The first run for a time at or after `from`, within StartDate and EndDate, which one-time schedules ignore. */
function runFrom(input: ScheduleInput, from: number, anchor: number, random: Random): Run | undefined {
  const expression = expressionOf(input);
  const zone = input.ScheduleExpressionTimezone;
  const start = expression.kind === 'at' ? Number.NEGATIVE_INFINITY : Math.max(from, toMs(input.StartDate) ?? from);
  const scheduledAt = nextTime(expression, { zone, from: start, anchor });
  if (scheduledAt === undefined) return undefined;
  if (expression.kind !== 'at' && scheduledAt > (toMs(input.EndDate) ?? Number.POSITIVE_INFINITY)) return undefined;
  return toRun(input, scheduledAt, random);
}

/**
 * The first run of a definition that is new at `now`. A rate's first time is its StartDate, else now; a one-time schedule's only time may have passed,
 * and runs at once.
 */
export const firstRun = (input: ScheduleInput, now: number, random: Random): Run | undefined => runFrom(input, now, toMs(input.StartDate) ?? now, random);

/**
 * What is to be done at `now` about a run that is due: whether it takes place, and which run comes after it. A one-time schedule runs however late. A recurrent
 * one leaves out the times that it missed, as while the runtime was down, and runs at its next.
 */
export function takeRun(input: ScheduleInput, { scheduledAt, dueAt }: Run, now: number, random: Random): { takesPlace: boolean; next: Run | undefined } {
  if (isOneTime(input)) return { takesPlace: true, next: undefined };
  return { takesPlace: now - dueAt < PRECISION_MS, next: runFrom(input, Math.max(scheduledAt + 1, now - PRECISION_MS + 1), scheduledAt, random) };
}

const TIMING = ['ScheduleExpression', 'ScheduleExpressionTimezone', 'StartDate', 'EndDate', 'FlexibleTimeWindow'] as const;
const sameTiming = (one: ScheduleInput, other: ScheduleInput): boolean => TIMING.every((member) => JSON.stringify(one[member]) === JSON.stringify(other[member]));

/** The next run after an update: where the timing stays, what ran does not run again, and a rate keeps its beat. What was disabled goes on from `now`. */
export function revisedRun(before: { readonly input: ScheduleInput; readonly next: Run | undefined }, input: ScheduleInput, now: number, random: Random): Run | undefined {
  if (!sameTiming(before.input, input)) return firstRun(input, now, random);
  if (before.next === undefined || isOneTime(input) || before.input.State === 'ENABLED') return before.next;
  return runFrom(input, Math.max(now, before.next.scheduledAt), before.next.scheduledAt, random);
}
