/** A structured log line. Fields never hold secrets: no task token, no access key. */
export type Log = (level: 'debug' | 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** Says nothing. */
export const silent: Log = () => undefined;
