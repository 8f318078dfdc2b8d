import type { Log } from '../contracts/log.ts';

const LEVELS = ['debug', 'info', 'warn', 'error'] as const;
type Level = (typeof LEVELS)[number];

const show = (value: unknown): string => {
  const text = typeof value === 'string' ? value : JSON.stringify(value ?? null);
  return /^[^\s"]+$/.test(text) ? text : JSON.stringify(text);
};

/** `warn  message key=value`, from a level upwards. */
export function lineLog(write: (line: string) => void, from: Level): Log {
  return (level, message, fields = {}) => {
    if (LEVELS.indexOf(level) < LEVELS.indexOf(from)) return;
    const details = Object.entries(fields).map(([name, value]) => `${name}=${show(value)}`);
    write(`${level.padEnd(5)} ${[message, ...details].join(' ')}\n`);
  };
}
