const MAX_SHOWN = 100;

/** A value as an error message shows it: short, and never descending into what the client sent (which may be nested without end). */
export function show(value: unknown): string {
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === 'object' && value !== null) return 'an object';
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? String(value) : text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}…`;
}
