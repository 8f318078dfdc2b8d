import type { Rollout, Waiting } from '../../contracts/rollout.ts';

/** What no wish to go on overrules. */
const HOLDS: ReadonlySet<Waiting['for']> = new Set<Waiting['for']>(['approval', 'window', 'freeze', 'lockstep']);

type Answer = Partial<Pick<Rollout, 'phase' | 'waiting'>>;

/** What is said of a wish to go on: that it is followed, or what the weight waits for all the same. */
export const saidOfGoingOn = (words: string, { waiting = null }: Answer): string =>
  waiting !== null && HOLDS.has(waiting.for) ? `asked for, and its weight rises when nothing holds it: ${waiting.reason}` : words;

/** What is said of a wish to go back: that it is followed, or that there is nothing left to do. */
export const saidOfGoingBack = (words: string, { phase }: Answer): string => (phase === 'RolledBack' ? 'it is rolled back' : words);
