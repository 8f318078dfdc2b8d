import * as z from 'zod/mini';
import { InvalidExpression } from './cron.ts';
import { nextTime, parseExpression, type Expression } from './expressions.ts';
import { isTimeZone } from './time-zone.ts';

/** When something happens: an expression of EventBridge Scheduler, and the time zone that `cron` and `at` go by. */
export interface Timing {
  readonly expression: string;
  /** IANA name. */
  readonly timezone: string;
}

/** An expression whose mistake is told in the parser's own words. */
const expressionOf = (kinds: readonly string[], rule: string) =>
  z.string(rule).check((context) => {
    try {
      const { kind } = parseExpression(context.value);
      if (!kinds.includes(kind)) context.issues.push({ code: 'custom', input: context.value, message: rule });
    } catch (error) {
      if (!(error instanceof InvalidExpression)) throw error;
      context.issues.push({ code: 'custom', input: context.value, message: error.message });
    }
  });

const START_RULE = 'must be at(…), rate(…) or cron(…) as EventBridge Scheduler takes them';
export const startExpression = expressionOf(['at', 'rate', 'cron'], START_RULE);
const ADVANCE_RULE = 'must be rate(…) or cron(…): it moves one step a time';
export const advanceExpression = expressionOf(['rate', 'cron'], ADVANCE_RULE);

const ZONE_RULE = 'must be a time zone of the IANA database such as Europe/Berlin';
export const timezone = z._default(z.string(ZONE_RULE).check(z.refine(isTimeZone, ZONE_RULE)), 'UTC');

const timeAfter = (parsed: Expression, zone: string, now: number): number | undefined => (parsed.kind === 'rate' ? now + parsed.everyMs : nextTime(parsed, { zone, from: now + 1, anchor: now }));

/** The next time after `now` (epoch ms), or undefined when there is none any more. Of a rate, whose beat is not known, the latest that it can be. */
export const nextTimeOf = ({ expression, timezone: zone }: Timing, now: number): number | undefined => timeAfter(parseExpression(expression), zone, now);

/** Only the distance of times is asked for, so that any time will do to begin at. */
const REFERENCE = Date.UTC(2026, 0, 1);
/** Enough for two weeks of a time a day. */
const TIMES_LOOKED_AT = 14;

/** How long `count` times of a timing can take, seconds, wherever in its course it is begun; 0 when there are not as many. */
export function longestSeconds({ expression, timezone: zone }: Timing, count: number): number {
  const parsed = parseExpression(expression);
  const times: number[] = [];
  for (let at = timeAfter(parsed, zone, REFERENCE); at !== undefined && times.length < TIMES_LOOKED_AT + count; at = timeAfter(parsed, zone, at)) times.push(at);
  return times.slice(count).reduce((longest, at, index) => Math.max(longest, (at - (times[index] ?? at)) / 1000), 0);
}
