import { NormalizedSchema } from '@smithy/core/schema';
import { compileShape, type Constraints, type Shape } from '../../src/controlplane/api/validation/shapes.ts';

/** Uniform in [0, 1). */
export type Random = () => number;

export const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)]!;

/** Values for a member (`Structure.member`) whose type alone would hardly ever be accepted. */
export type Hints = Readonly<Record<string, readonly unknown[]>>;

/** What might go wrong in a text: plain, empty, long, other scripts, markup, control characters, what Envoy gives a meaning. */
const TEXTS = ['a', 'x-y', '/', '/a/b', '', ' ', '*', '%', '%REQ(A)%', '{}', '"', "'", '\\', '\n', '\t', '\r\n', 'é', '日本', '😀', 'a:b', 'a/b', 'a b', '.', '..', '(', '[a-', '\u0007', 'A'.repeat(60), 'b'.repeat(300)];

function text(random: Random, { enum: allowed, length: [least, most] = [] }: Constraints): string {
  if (allowed !== undefined) return pick(random, allowed);
  // The longest that there may be, now and then.
  if (most !== undefined && most !== null && random() < 0.1) return 'm'.repeat(most);
  const fitting = TEXTS.filter((one) => one.length >= (least ?? 0) && one.length <= (most ?? Infinity));
  return pick(random, fitting.length > 0 ? fitting : ['abc']);
}

function number(random: Random, { range: [least, most] = [] }: Constraints): number {
  const [low, high] = [least ?? 0, most ?? 4_294_967_295];
  return pick(random, [low, low + 1, high, Math.floor(low + random() * Math.min(high - low, 1_000)), Math.floor(low + random() * (high - low))]);
}

/** What is known of the world in which specs are made. */
export interface World {
  /** Used nearly always; now and then what nobody hinted at comes instead. */
  readonly hints: Hints;
  /** Used always: a file that is not there is refused by Envoy, and no API can know. */
  readonly files: Hints;
}

function structure(random: Random, shape: Extract<Shape, { type: 'structure' | 'union' }>, hints: World): object {
  const chosen = shape.type === 'union' ? [pick(random, shape.members)] : shape.members.filter(({ required }) => required || random() < 0.5);
  return Object.fromEntries(chosen.map(({ name, shape: of }) => [name, valueOf(random, of, hints, `${shape.name}.${name}`)]));
}

function valueOf(random: Random, shape: Shape, world: World, path: string): unknown {
  const file = world.files[path];
  if (file !== undefined) return pick(random, file);
  const hinted = world.hints[path];
  if (hinted !== undefined && random() < 0.97) return pick(random, hinted);
  switch (shape.type) {
    case 'structure':
    case 'union':
      return structure(random, shape, world);
    case 'list':
      return Array.from({ length: Math.max(shape.constraints.length?.[0] ?? 0, Math.floor(random() * 3)) }, () => valueOf(random, shape.element, world, `${path}[]`));
    case 'boolean':
      return random() < 0.5;
    case 'number':
      return number(random, shape.constraints);
    default:
      return text(random, shape.constraints);
  }
}

/** A spec of the model's shape: every member may come, within its constraints, whether or not the rules let it pass. */
export const generateSpec = (random: Random, schema: Parameters<typeof NormalizedSchema.of>[0], world: World): object =>
  valueOf(random, compileShape(NormalizedSchema.of(schema)), world, '') as object;
