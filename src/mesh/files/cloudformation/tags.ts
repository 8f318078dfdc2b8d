import { Pair, Scalar, YAMLMap, type CollectionTag, type ScalarTag, type YAMLSeq } from 'yaml';

/** Functions that have a short form in YAML: `!Sub` is `Fn::Sub`; two have no prefix. */
const FUNCTIONS = [
  ...['Ref', 'Condition'].map((name) => [name, name] as const),
  ...['And', 'Base64', 'Cidr', 'Equals', 'FindInMap', 'ForEach', 'GetAtt', 'GetAZs', 'If', 'ImportValue', 'Join', 'Length', 'Not', 'Or', 'Select', 'Split', 'Sub', 'ToJsonString', 'Transform'].map(
    (name) => [name, `Fn::${name}`] as const,
  ),
];

function wrap(key: string, collection: YAMLMap.Parsed | YAMLSeq.Parsed): YAMLMap {
  const map = new YAMLMap();
  map.items.push(new Pair(new Scalar(key), collection));
  map.range = collection.range;
  return map;
}

/** What `!Ref X` and its like stand for: `{ Ref: X }`, as JSON templates have it. */
export const CLOUDFORMATION_TAGS: readonly (ScalarTag | CollectionTag)[] = FUNCTIONS.flatMap(([name, key]) => [
  { tag: `!${name}`, resolve: (text: string) => ({ [key]: text }) },
  { tag: `!${name}`, collection: 'seq', resolve: (sequence: YAMLSeq.Parsed) => wrap(key, sequence) } as CollectionTag,
  { tag: `!${name}`, collection: 'map', resolve: (map: YAMLMap.Parsed) => wrap(key, map) } as CollectionTag,
]);
