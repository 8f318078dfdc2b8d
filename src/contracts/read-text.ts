import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, parseDocument, type CollectionTag, type Document, type ScalarTag } from 'yaml';
import { InvalidInput, type LineOf } from './mistakes.ts';

/** The value that a text holds, and where in the text its parts stand. */
export interface TextValue {
  readonly value: unknown;
  readonly lineOf: LineOf;
}

/** The offset at which a part begins, and the part itself; undefined where the path leads to nothing. */
function step(document: Document.Parsed, node: unknown, part: PropertyKey): { readonly offset: number | undefined; readonly node: unknown } | undefined {
  const at = isAlias(node) ? node.resolve(document) : node;
  if (isMap(at)) {
    const pair = at.items.find(({ key }) => isScalar(key) && String(key.value) === String(part));
    return pair === undefined ? undefined : { offset: (pair.key as { range?: [number, number, number] }).range?.[0], node: pair.value };
  }
  if (!isSeq(at)) return undefined;
  const item = at.items[Number(part)] as { range?: [number, number, number] } | undefined;
  return item === undefined ? undefined : { offset: item.range?.[0], node: item };
}

/** The line on which the part stands that a path leads to, or the last of its parents that is there. */
function lineFinder(document: Document.Parsed, counter: LineCounter): LineOf {
  return (path) => {
    let [offset, node]: [number | undefined, unknown] = [undefined, document.contents];
    for (const part of path) {
      const next = step(document, node, part);
      if (next === undefined) break;
      [offset, node] = [next.offset ?? offset, next.node];
    }
    return offset === undefined ? undefined : counter.linePos(offset).line;
  };
}

/** One mistake in a text makes many errors, and a line may be the whole text. */
const MOST_ERRORS = 20;
const MOST_SHOWN = 200;

const lineAt = (text: string, line: number): string => (text.split('\n')[line - 1] ?? '').trim().slice(0, MOST_SHOWN);

/** A document's value. @throws InvalidInput naming the line of each syntax error */
function valueOf(document: Document.Parsed, lineCounter: LineCounter, text: string, file: string): TextValue {
  if (document.errors.length > 0) {
    throw new InvalidInput(
      document.errors.slice(0, MOST_ERRORS).map((error) => ({
        file,
        line: error.linePos?.[0].line ?? 1,
        path: '',
        value: lineAt(text, error.linePos?.[0].line ?? 1),
        rule: error.code === 'MULTIPLE_DOCS' ? 'must be the only document: each has a file of its own' : (error.message.split('\n')[0] ?? '').replace(/ at line .*$/, ''),
      })),
    );
  }
  try {
    const value = document.toJS({ maxAliasCount: 100 }) as unknown;
    // An alias within its own anchor makes a circle, which is no JSON.
    JSON.stringify(value);
    return { value, lineOf: lineFinder(document, lineCounter) };
  } catch (cause) {
    const rule = 'must hold no alias within its own anchor, and no more than 100 uses of one';
    throw new InvalidInput([{ file, path: '(aliases)', value: text.slice(0, 80), rule }], { cause });
  }
}

/**
 * The value that a YAML or JSON text holds (JSON is YAML), and the lines of its parts.
 * @throws InvalidInput naming the line of each syntax error.
 */
export function readLines(text: string, file: string): TextValue {
  const lineCounter = new LineCounter();
  return valueOf(parseDocument(text, { prettyErrors: true, uniqueKeys: true, lineCounter }), lineCounter, text, file);
}

/**
 * As `readLines`, of a text that may hold several documents; empty ones are left out. `tags` says what YAML tags of its own stand for.
 * @throws InvalidInput naming the line of each syntax error of the first document that has any.
 */
export function readDocuments(text: string, file: string, tags: readonly (ScalarTag | CollectionTag)[]): TextValue[] {
  const lineCounter = new LineCounter();
  const documents = parseAllDocuments(text, { prettyErrors: true, uniqueKeys: true, lineCounter, customTags: (known) => [...known, ...tags] });
  // An empty text is told by what it holds instead of documents.
  if (!Array.isArray(documents)) return [];
  return documents.map((document) => valueOf(document, lineCounter, text, file)).filter(({ value }) => value !== null && value !== undefined);
}

/**
 * The value that a YAML or JSON text holds.
 * @throws InvalidInput naming the line of each syntax error.
 */
export const readText = (text: string, file: string): unknown => readLines(text, file).value;
