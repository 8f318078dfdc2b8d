// Derives src/controlplane/api/validation/constraints.json from AWS's Smithy model of App Mesh (JSON syntax tree, Apache-2.0), which is
// published as models/app-mesh/service/2019-01-25/app-mesh-2019-01-25.json in github.com/aws/api-models-aws.
// The SDK's runtime schemas have the members, but not the constraint traits: only those are kept here.
//   node scripts/derive-constraints.js app-mesh-2019-01-25.json
import { readFileSync, writeFileSync } from 'node:fs';

const OUT = new URL('../src/controlplane/api/validation/constraints.json', import.meta.url);
const MAX_INTEGER = 2 ** 31 - 1; // Smithy's integer is 32 bits wide, long is 64

const { shapes } = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const local = (id) => id.split('#')[1];
const trait = (shape, name) => shape.traits?.[`smithy.api#${name}`];

const enumOf = (shape) =>
  shape.type === 'enum' ? Object.entries(shape.members).map(([key, { traits }]) => traits?.['smithy.api#enumValue'] ?? key) : trait(shape, 'enum')?.map(({ value }) => value);

function rangeOf(shape) {
  if (shape.type !== 'integer' && shape.type !== 'long') return undefined;
  const { min = null, max = null } = trait(shape, 'range') ?? {};
  const range = shape.type === 'integer' ? [min ?? -MAX_INTEGER - 1, max ?? MAX_INTEGER] : [min, max];
  return range.every((bound) => bound === null) ? undefined : range;
}

function constraintsOf(shape) {
  const length = trait(shape, 'length');
  const target = shape.type === 'list' ? local(shape.member.target) : undefined;
  const all = {
    length: length && [length.min ?? 0, length.max ?? null],
    range: rangeOf(shape),
    pattern: trait(shape, 'pattern'),
    enum: enumOf(shape),
    uniqueItems: trait(shape, 'uniqueItems') && true,
    member: target !== undefined && constraintsOf(shapes[shape.member.target] ?? {}) ? target : undefined,
  };
  const kept = Object.entries(all).filter(([, value]) => value !== undefined);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

const byName = ([a], [b]) => (a < b ? -1 : 1);
const simple = Object.entries(shapes).flatMap(([id, shape]) => {
  const constraints = ['structure', 'union', 'operation', 'service', 'resource'].includes(shape.type) ? undefined : constraintsOf(shape);
  return constraints === undefined ? [] : [[local(id), constraints]];
});
const constrained = new Set(simple.map(([name]) => name));
const members = Object.entries(shapes).flatMap(([id, shape]) => {
  if (shape.type !== 'structure' && shape.type !== 'union') return [];
  const kept = Object.entries(shape.members).flatMap(([name, { target }]) => (constrained.has(local(target)) ? [[name, local(target)]] : []));
  return kept.length === 0 ? [] : [[local(id), Object.fromEntries(kept)]];
});

const lines = (entries) => entries.sort(byName).map(([name, value]) => `    ${JSON.stringify(name)}: ${JSON.stringify(value)}`).join(',\n');
writeFileSync(OUT, `{\n  "shapes": {\n${lines(simple)}\n  },\n  "members": {\n${lines(members)}\n  }\n}\n`);
