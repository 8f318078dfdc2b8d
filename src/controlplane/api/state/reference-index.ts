import type { Kind } from '../../model/resources.ts';
import type { Reference } from '../rules/references.ts';

/** Who refers to whom within a mesh, so that a delete need not read the whole mesh. Names only; the view has the resources. */
export interface ReferenceIndex {
  /** Moves a resource's references from what they were to what they are. */
  move(kind: Kind, key: string, before: readonly Reference[], after: readonly Reference[]): void;
  /** Keys of the resources of a kind that refer to this one. */
  users(kind: Kind, name: string, userKind: Kind): ReadonlySet<string>;
}

const NOBODY: ReadonlySet<string> = new Set();
const slot = (kind: Kind, name: string, userKind: Kind): string => `${kind}/${name}<${userKind}`;

export function createReferenceIndex(): ReferenceIndex {
  const index = new Map<string, Set<string>>();

  const drop = (at: string, key: string): void => {
    const users = index.get(at);
    users?.delete(key);
    if (users?.size === 0) index.delete(at);
  };
  const add = (at: string, key: string): void => {
    const users = index.get(at) ?? new Set();
    index.set(at, users.add(key));
  };

  return {
    move: (kind, key, before, after) => {
      for (const { kind: target, name } of before) drop(slot(target, name, kind), key);
      for (const { kind: target, name } of after) add(slot(target, name, kind), key);
    },
    users: (kind, name, userKind) => index.get(slot(kind, name, userKind)) ?? NOBODY,
  };
}
