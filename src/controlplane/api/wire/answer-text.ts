import type { Resource } from '../../model/resources.ts';
import type { Shape } from '../validation/shapes.ts';
import { toData, toRef, type Answer } from '../verbs/answer.ts';
import type { Operation } from './operations.ts';
import { toWire } from './serialise.ts';

type ListAnswer = Extract<Answer, { readonly list: string }>;
type TextOf = (shape: Shape, resource: Resource) => string;

/** A resource is immutable and asked for more often than it changes: its text is made once, and lives as long as it does. */
function remembered(show: (resource: Resource) => unknown): TextOf {
  const texts = new WeakMap<Resource, string>();
  return (shape, resource) => {
    const known = texts.get(resource);
    if (known !== undefined) return known;
    const text = JSON.stringify(toWire(shape, show(resource)));
    texts.set(resource, text);
    return text;
  };
}

/** What the items of a list have as their shape. */
function elementOf({ name, output }: Operation, list: string): Shape {
  const member = 'members' in output ? output.members.find((each) => each.name === list) : undefined;
  if (member?.shape.type !== 'list') throw new Error(`the answer of ${name} has no list ${list}`);
  return member.shape.element;
}

/** How answers become text, as JSON on the wire. */
export function createAnswerTexts(): (operation: Operation, answer: Answer) => string {
  const [dataText, refText] = [remembered(toData), remembered(toRef)];
  /** As long as its collection is unchanged, a page is one and the same answer. */
  const pages = new WeakMap<ListAnswer, string>();
  const pageText = (operation: Operation, { list, resources, nextToken }: ListAnswer): string => {
    const element = elementOf(operation, list);
    const items = resources.map((resource) => refText(element, resource)).join(',');
    return `{"${list}":[${items}]${nextToken === undefined ? '' : `,"nextToken":${JSON.stringify(nextToken)}`}}`;
  };
  return (operation, answer) => {
    if ('resource' in answer) return dataText(operation.output, answer.resource);
    if ('members' in answer) return JSON.stringify(toWire(operation.output, answer.members));
    const text = pages.get(answer) ?? pageText(operation, answer);
    pages.set(answer, text);
    return text;
  };
}
