import type { Member, Shape } from '../validation/shapes.ts';

type Json = Readonly<Record<string, unknown>>;

/** By plain loops: this is most of what a read costs. */
function membersToWire(members: readonly Member[], value: Json): Json {
  const wire: Record<string, unknown> = {};
  for (const { name, shape } of members) {
    const given = value[name];
    if (given !== undefined) wire[name] = toWire(shape, given);
  }
  return wire;
}

/** A value as its shape has it on the wire: known members only, absent ones left out, timestamps in epoch seconds. */
export function toWire(shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure':
    case 'union':
      return membersToWire(shape.members, value as Json);
    case 'list':
      return (value as readonly unknown[]).map((item) => toWire(shape.element, item));
    case 'timestamp':
      return (value as number) / 1000;
    default:
      return value;
  }
}
