import { formatDuration } from '../../contracts/units.ts';
import type { Phase } from '../../contracts/rollout.ts';
import type { StepView } from './rollout-view.ts';

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** 1998 → `1,998`. */
export const count = (value: number): string => grouped.format(value);

/** 24.63 → `24.6 %`; nothing measured is `-`. */
export const percent = (value: number | null, digits = 1): string => (value === null ? '-' : `${value.toFixed(digits)} %`);

/** 12345 → `12.3 s`. */
export const seconds = (ms: number): string => (ms < 120_000 ? `${(ms / 1_000).toFixed(1)} s` : formatDuration(ms / 1_000));

/** How long a step holds; null: until a time of its schedule. */
export const bakeWords = (bakeSeconds: number | null): string => (bakeSeconds === null ? 'by schedule' : seconds(bakeSeconds * 1_000));

const FULL = '█';
const EMPTY = '░';
export const bar = (share: number, width: number): string => {
  const filled = Math.round(share * width);
  return FULL.repeat(filled) + EMPTY.repeat(width - filled);
};

export const requestsOf = ({ measured }: StepView): number => (measured === null ? 0 : measured.canary.requests + measured.stable.requests);
export const errorsOf = ({ measured }: StepView): number => (measured === null ? 0 : measured.canary.errors + measured.stable.errors);

/** `0 of 498` */
export const errorsOfSide = ({ requests, errors }: { readonly requests: number; readonly errors: number }): string => `${count(errors)} of ${count(requests)}`;

const CODES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;
export type Style = keyof typeof CODES;

/** Colours a text, or leaves it as it is. */
export type Paint = (style: Style, text: string) => string;
export const plain: Paint = (_, text) => text;
export const coloured: Paint = (style, text) => `\u001B[${CODES[style]}m${text}\u001B[0m`;

const PHASE_STYLE: Readonly<Partial<Record<Phase, Style>>> = { Succeeded: 'green', RolledBack: 'yellow', RollingBack: 'yellow', Failed: 'red' };
const PHASE_WORDS: Readonly<Partial<Record<Phase, string>>> = { RolledBack: 'rolled back', RollingBack: 'rolling back' };
export const phaseStyle = (phase: Phase): Style => PHASE_STYLE[phase] ?? 'cyan';
export const phaseWords = (phase: Phase): string => PHASE_WORDS[phase] ?? phase.toLowerCase();

export const outcomeStyle = (outcome: string): Style => (outcome === 'pass' ? 'green' : outcome === 'fail' ? 'red' : outcome === 'error' ? 'yellow' : 'dim');

/** Which version of what; from where to where, once that is known. */
export const titleOf = ({ definition, tag, stable, canary }: { readonly definition: string; readonly tag: string; readonly stable: string; readonly canary: string }): string =>
  canary === '' ? `${definition} ${tag}` : `${definition} ${tag}: ${stable} → ${canary}`;
