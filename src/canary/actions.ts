import type { Action, Phase } from '../contracts/rollout.ts';

/** What an action comes to: it is taken; it says what is so already; it is refused. */
export type Effect = 'take' | 'already' | 'refuse';

/** In the order Pending, Progressing, Paused, Promoting, RollingBack, Succeeded, RolledBack, Failed. */
type Row = readonly [Effect, Effect, Effect, Effect, Effect, Effect, Effect, Effect];

const row = ([Pending, Progressing, Paused, Promoting, RollingBack, Succeeded, RolledBack, Failed]: Row): Readonly<Record<Phase, Effect>> => ({
  Pending,
  Progressing,
  Paused,
  Promoting,
  RollingBack,
  Succeeded,
  RolledBack,
  Failed,
});

/** Every action in every phase. `undo` further needs the stable side to be retained, and the route free. */
export const EFFECTS: Readonly<Record<Action, Readonly<Record<Phase, Effect>>>> = {
  //             Pending    Progressing Paused     Promoting  RollingBack Succeeded  RolledBack Failed
  approve: row(['take',    'take',     'take',    'take',    'refuse',   'refuse',  'refuse',  'refuse']),
  pause: row([  'take',    'take',     'already', 'take',    'refuse',   'refuse',  'refuse',  'refuse']),
  resume: row([ 'already', 'already',  'take',    'already', 'refuse',   'refuse',  'refuse',  'refuse']),
  advance: row(['take',    'take',     'take',    'take',    'refuse',   'refuse',  'refuse',  'refuse']),
  promote: row(['take',    'take',     'take',    'already', 'refuse',   'already', 'refuse',  'refuse']),
  abort: row([  'take',    'take',     'take',    'take',    'already',  'refuse',  'already', 'refuse']),
  retry: row([  'refuse',  'refuse',   'refuse',  'refuse',  'refuse',   'refuse',  'take',    'take']),
  undo: row([   'refuse',  'refuse',   'refuse',  'refuse',  'already',  'take',    'already', 'refuse']),
};
