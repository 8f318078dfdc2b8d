import type { Log } from '../contracts/log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** One line of JSON a message, with its time, from a level upwards: as log collectors read them. */
export const jsonLog =
  (write: (line: string) => void, from: (typeof LEVELS)[number], clock: () => number): Log =>
  (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) >= LEVELS.indexOf(from)) write(`${JSON.stringify({ time: new Date(clock()).toISOString(), level, message, ...fields })}\n`);
  };
