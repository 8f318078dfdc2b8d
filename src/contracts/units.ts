import * as z from 'zod/mini';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;
const DURATION = /^(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/;
const PERCENT = /^(\d{1,3}(?:\.\d{1,6})?)\s?%$/;

/** Step Functions waits no longer than a year. */
const MAX_SECONDS = 365 * SECONDS.d;

function toSeconds(text: string): number {
  const [, d = 0, h = 0, m = 0, s = 0] = DURATION.exec(text) ?? [];
  return Number(d) * SECONDS.d + Number(h) * SECONDS.h + Number(m) * SECONDS.m + Number(s);
}

const DURATION_RULE = 'must be a duration of whole seconds such as 45s, 5m or 1h30m, from 1s to 365d';

/** `1h30m` → 5400 (seconds, at least one). */
export const duration = z.pipe(
  z.string(DURATION_RULE).check(z.refine((text) => DURATION.test(text) && toSeconds(text) >= 1 && toSeconds(text) <= MAX_SECONDS, DURATION_RULE)),
  z.transform(toSeconds),
);

const toFraction = (text: string): number => Number(PERCENT.exec(text)?.[1] ?? NaN) / 100;

/** `1%` → 0.01; above 0 % and below 100 %. */
export const percentage = (what: string) => {
  const rule = `must be a percentage above 0% and below 100% such as ${what}`;
  return z.pipe(z.string(rule).check(z.refine((text) => toFraction(text) > 0 && toFraction(text) < 1, rule)), z.transform(toFraction));
};

/** Seconds as a person writes them: 5400 → `1h30m`. */
export function formatDuration(seconds: number): string {
  const parts = (['d', 'h', 'm', 's'] as const).reduce<{ left: number; text: string }>(
    ({ left, text }, unit) => ({ left: left % SECONDS[unit], text: text + (left >= SECONDS[unit] ? `${Math.floor(left / SECONDS[unit])}${unit}` : '') }),
    { left: Math.round(seconds), text: '' },
  );
  return parts.text === '' ? '0s' : parts.text;
}
