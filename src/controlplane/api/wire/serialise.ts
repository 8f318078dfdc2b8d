import type { Shape } from '../validation/shapes.ts';

type Json = Readonly<Record<string, unknown>>;

/** A value as its shape has it on the wire: known members only, absent ones left out, timestamps in epoch seconds. */
export function toWire(shape: Shape, value: unknown): unknown {
  switch (shape.type) {
    case 'structure':
    case 'union': {
      const given = value as Json;
      return Object.fromEntries(
        shape.members.flatMap(({ name, shape: member }) => (given[name] === undefined ? [] : [[name, toWire(member, given[name])] as const])),
      );
    }
    case 'list':
      return (value as readonly unknown[]).map((item) => toWire(shape.element, item));
    case 'timestamp':
      return (value as number) / 1000;
    default:
      return value;
  }
}
