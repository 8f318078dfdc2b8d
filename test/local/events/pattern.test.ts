import { compilePattern, InvalidPattern } from '../../../src/local/events/pattern.ts';

const EVENT = {
  source: 'aws.ecr',
  'detail-type': 'ECR Image Action',
  resources: ['arn:a', 'arn:b'],
  detail: { 'action-type': 'PUSH', tag: 'v2.1', size: 42, empty: null, nested: { deep: [{ k: 1 }, { k: 2, l: 'x' }] }, ip: '10.0.0.17', flag: true, none: [] },
};

const detail = (tag: unknown): unknown => ({ detail: { tag } });

test.each<[string, unknown, boolean]>([
  ['exact', { source: ['aws.ecr'] }, true],
  ['exact, other', { source: ['aws.ecs'] }, false],
  ['one of several', { source: ['x', 'aws.ecr'] }, true],
  ['all fields', { source: ['aws.ecr'], 'detail-type': ['other'] }, false],
  ['any value of a list', { resources: ['arn:b'] }, true],
  ['no value of a list', { resources: ['arn:c'] }, false],
  ['null', { detail: { empty: [null] } }, true],
  ['boolean', { detail: { flag: [true] } }, true],
  ['number', { detail: { size: [42] } }, true],
  ['a number is no text', { detail: { size: ['42'] } }, false],
  ['prefix', detail([{ prefix: 'v2' }]), true],
  ['prefix, other', detail([{ prefix: 'v3' }]), false],
  ['prefix, whatever the case', detail([{ prefix: { 'equals-ignore-case': 'V2' } }]), true],
  ['suffix', detail([{ suffix: '.1' }]), true],
  ['suffix, other', detail([{ suffix: '.2' }]), false],
  ['equals-ignore-case', detail([{ 'equals-ignore-case': 'V2.1' }]), true],
  ['wildcard', detail([{ wildcard: 'v*1' }]), true],
  ['wildcard within', detail([{ wildcard: '*2*' }]), true],
  ['wildcard, other', detail([{ wildcard: 'v*3' }]), false],
  ['wildcard whose parts would overlap', detail([{ wildcard: 'v2.*.1' }]), false],
  ['wildcard, escaped', detail([{ wildcard: 'v\\*' }]), false],
  ['anything-but', detail([{ 'anything-but': ['v1', 'v3'] }]), true],
  ['anything-but the value', detail([{ 'anything-but': 'v2.1' }]), false],
  ['anything-but an absent field', { detail: { absent: [{ 'anything-but': 'x' }] } }, false],
  ['anything-but prefix', detail([{ 'anything-but': { prefix: 'v2' } }]), false],
  ['anything-but suffixes', detail([{ 'anything-but': { suffix: ['.2', '.3'] } }]), true],
  ['anything-but wildcard', detail([{ 'anything-but': { wildcard: 'v*' } }]), false],
  ['numeric', { detail: { size: [{ numeric: ['>', 40, '<=', 42] }] } }, true],
  ['numeric, outside', { detail: { size: [{ numeric: ['>', 42] }] } }, false],
  ['numeric of a text', detail([{ numeric: ['>', 0] }]), false],
  ['exists', detail([{ exists: true }]), true],
  ['exists not', { detail: { absent: [{ exists: false }] } }, true],
  ['exists not, but does', detail([{ exists: false }]), false],
  ['exists is for leaves', { detail: { nested: [{ exists: true }] } }, false],
  ['an empty list is absent', { detail: { none: [{ exists: false }] } }, true],
  ['cidr', { detail: { ip: [{ cidr: '10.0.0.0/24' }] } }, true],
  ['cidr, outside', { detail: { ip: [{ cidr: '10.0.1.0/24' }] } }, false],
  ['nested in a list of objects', { detail: { nested: { deep: { k: [2], l: ['x'] } } } }, true],
  ['$or', { $or: [{ source: ['x'] }, { detail: { size: [42] } }] }, true],
  ['$or of none', { $or: [{ source: ['x'] }, { detail: { size: [1] } }] }, false],
  ['$or beside fields', { source: ['aws.ecr'], detail: { $or: [{ tag: ['x'] }, { tag: [{ prefix: 'v' }] }] } }, true],
  ['a path through a text', { source: { deeper: ['x'] } }, false],
])('%s', (_, pattern, matches) => {
  expect(compilePattern(pattern)(EVENT)).toBe(matches);
});

test.each<[unknown, RegExp]>([
  [null, /\$: must be an object that is not empty/],
  [{}, /\$: must be an object that is not empty/],
  [{ source: 'aws.ecr' }, /\$\.source: must be an object or a list/],
  [{ source: [] }, /\$\.source: must not be an empty list/],
  [{ source: [['x']] }, /\$\.source\[0\]: must not hold a list in a list/],
  [{ source: [{ regex: 'x' }] }, /\$\.source\[0\]: must be one of prefix/],
  [{ source: [{ prefix: 1 }] }, /\$\.source\[0\]\.prefix: must be a text/],
  [{ source: [{ prefix: 'a', suffix: 'b' }] }, /\$\.source\[0\]: must be one of/],
  [{ source: [{ wildcard: 'a**' }] }, /must not hold two wildcards/],
  [{ size: [{ numeric: ['>'] }] }, /must be a list of operators and numbers/],
  [{ size: [{ numeric: ['~', 1] }] }, /must be a list of =/],
  [{ ip: [{ cidr: '10.0.0.0' }] }, /must be an address block/],
  [{ ip: [{ cidr: '10.0.0.0/40' }] }, /must be an address block/],
  [{ a: [{ exists: 'yes' }] }, /must be true or false/],
  [{ $or: [{ a: [1] }] }, /\$\.\$or: must be a list of at least two/],
  [{ a: [{ 'anything-but': [] }] }, /must hold texts or numbers/],
])('refuses %j, naming path and rule', (pattern, message) => {
  expect(() => compilePattern(pattern)).toThrow(InvalidPattern);
  expect(() => compilePattern(pattern)).toThrow(message);
});
