import { isRecord } from '../../contracts/is-record.ts';
import type { BusEvent, Rule, Target } from './types.ts';

/** The value at a JSON path of plain steps, such as `$.detail.items[0]`; undefined where there is none. */
function at(value: unknown, path: string): unknown {
  const steps = [...path.replace(/^\$/, '').matchAll(/\.([\w-]+)|\[(\d+)\]/g)];
  return steps.reduce<unknown>((inner, [, key, index]) => {
    if (index !== undefined) return Array.isArray(inner) ? (inner as unknown[])[Number(index)] : undefined;
    return isRecord(inner) && key !== undefined ? inner[key] : undefined;
  }, value);
}

const toText = (value: unknown): string => (typeof value === 'string' ? value : value === undefined ? '' : JSON.stringify(value));

/** Within quotes a value stands as text, elsewhere as JSON, as EventBridge fills in its templates. */
function fill(template: string, values: Readonly<Record<string, unknown>>): string {
  return template.replace(/"[^"\n]*"|<([\w.-]+)>/g, (match, name: string | undefined) => {
    if (name === undefined) return match.replace(/<([\w.-]+)>/g, (whole, inner: string) => (inner in values ? JSON.stringify(toText(values[inner])).slice(1, -1) : whole));
    if (!(name in values)) return match;
    return values[name] === undefined ? '""' : JSON.stringify(values[name]);
  });
}

/** The JSON text that a target gets of an event: the event, or what Input, InputPath or InputTransformer make of it. */
export function toTargetInput(event: BusEvent, target: Target, rule: Rule, ingestedAt: number): string {
  if (target.Input !== undefined) return target.Input;
  if (target.InputPath !== undefined) return JSON.stringify(at(event, target.InputPath) ?? {});
  if (target.InputTransformer === undefined) return JSON.stringify(event);
  const { InputPathsMap = {}, InputTemplate } = target.InputTransformer;
  return fill(InputTemplate, {
    'aws.events.event': event,
    'aws.events.event.json': event,
    'aws.events.rule-arn': rule.arn,
    'aws.events.rule-name': rule.name,
    'aws.events.event.ingestion-time': new Date(ingestedAt).toISOString(),
    ...Object.fromEntries(Object.entries(InputPathsMap).map(([name, path]) => [name, at(event, path)])),
  });
}
