type Container = Record<string, unknown> | unknown[];

/** `spec.listeners[0].timeout` → `['listeners', '0', 'timeout']`, from the first quoted path of a refusal. */
function pathIn(message: string): string[] | undefined {
  const path = /'spec\.?([^']*)'/.exec(message)?.[1];
  return path?.split(/[.[\]]+/).filter((part) => part !== '');
}

const at = (value: unknown, path: readonly string[]): unknown => path.reduce<unknown>((inner, part) => (typeof inner === 'object' && inner !== null ? (inner as Record<string, unknown>)[part] : undefined), value);

function remove(spec: object, path: readonly string[]): void {
  const parent = at(spec, path.slice(0, -1)) as Container;
  const key = path.at(-1) ?? '';
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else Reflect.deleteProperty(parent, key);
}

/**
 * Takes out of a spec what the API has against it: the place that its message names or, where something is missing there, what it is missing from.
 * Whether there was something to take out.
 */
export function mendSpec(spec: object, message: string): boolean {
  let path = pathIn(message);
  if (path === undefined || path.length === 0) return false;
  while (path.length > 1 && at(spec, path) === undefined) path = path.slice(0, -1);
  if (at(spec, path) === undefined) return false;
  remove(spec, path);
  // A list that has lost its last entry goes, too.
  const parent = path.slice(0, -1);
  if (parent.length > 0 && Array.isArray(at(spec, parent)) && (at(spec, parent) as unknown[]).length === 0) remove(spec, parent);
  return true;
}
