import { badRequest } from '../errors.ts';
import type { Operation } from './operations.ts';

interface Node {
  readonly literals: Map<string, Node>;
  readonly operations: Map<string, Operation>;
  label?: Node;
}

export interface Match {
  readonly operation: Operation;
  /** Values of the path's labels, decoded. */
  readonly labels: Readonly<Record<string, string>>;
}

const newNode = (): Node => ({ literals: new Map(), operations: new Map() });
const isLabel = (segment: string): boolean => segment.startsWith('{');

function childFor(node: Node, segment: string): Node {
  if (isLabel(segment)) return (node.label ??= newNode());
  const child = node.literals.get(segment) ?? newNode();
  node.literals.set(segment, child);
  return child;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw badRequest(`the path segment '${segment.slice(0, 100)}' is not valid percent-encoded UTF-8`, { cause });
  }
}

/** Finds the operation of a method and a path (no query). An empty label matches nothing. */
export function createRouter(operations: readonly Operation[]): (method: string, path: string) => Match | undefined {
  const root = newNode();
  for (const operation of operations) {
    let node = root;
    for (const segment of operation.segments) node = childFor(node, segment);
    node.operations.set(operation.method, operation);
  }
  return (method, path) => {
    const parts = path.split('/').slice(1);
    let node: Node | undefined = root;
    for (const part of parts) node = node?.literals.get(part) ?? (part === '' ? undefined : node?.label);
    const operation = node?.operations.get(method);
    if (operation === undefined) return undefined;
    const labels = operation.segments.flatMap((segment, index) =>
      isLabel(segment) ? [[segment.slice(1, -1), decode(parts[index] ?? '')] as const] : [],
    );
    return { operation, labels: Object.fromEntries(labels) };
  };
}
