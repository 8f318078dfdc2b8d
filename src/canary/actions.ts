import type { Action, Phase } from '../contracts/rollout.ts';

/** What an action comes to: it is taken; it says what is so already; it is refused. */
export type Effect = 'take' | 'already' | 'refuse';

const ended = { Succeeded: 'refuse', RolledBack: 'refuse', Failed: 'refuse' } as const;

/** Every action in every phase. */
export const EFFECTS: Readonly<Record<Action, Readonly<Record<Phase, Effect>>>> = {
  abort: { Pending: 'take', Progressing: 'take', Paused: 'take', Promoting: 'take', RollingBack: 'already', ...ended, RolledBack: 'already' },
  advance: { Pending: 'take', Progressing: 'take', Paused: 'take', Promoting: 'take', RollingBack: 'refuse', ...ended },
  pause: { Pending: 'take', Progressing: 'take', Paused: 'already', Promoting: 'take', RollingBack: 'refuse', ...ended },
  resume: { Pending: 'already', Progressing: 'already', Paused: 'take', Promoting: 'already', RollingBack: 'refuse', ...ended },
  promote: { Pending: 'take', Progressing: 'take', Paused: 'take', Promoting: 'already', RollingBack: 'refuse', ...ended, Succeeded: 'already' },
  retry: { Pending: 'refuse', Progressing: 'refuse', Paused: 'refuse', Promoting: 'refuse', RollingBack: 'refuse', Succeeded: 'refuse', RolledBack: 'take', Failed: 'take' },
};
