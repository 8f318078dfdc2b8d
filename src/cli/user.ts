import type { Call } from './command.ts';

/** Who acts, as the record tells it. */
export const userOf = ({ io }: Call): string => io.env['USER'] ?? io.env['LOGNAME'] ?? 'cli';
