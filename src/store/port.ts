/**
 * The storage port: documents under a partition and a sort key, written atomically and conditionally.
 * It is the common ground of libSQL (local) and DynamoDB (AWS): what one cannot do is not in it.
 */

/** A stored document. `version` starts at 1 and rises by one with each put. */
export interface Document {
  readonly pk: string;
  readonly sk: string;
  readonly version: number;
  /** Plain JSON. */
  readonly value: unknown;
  /** Epoch seconds after which the document may be dropped (TTL). */
  readonly expiresAt?: number;
}

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** What must hold of the stored document for a write to happen: absent, present, or at this exact version. */
export type Condition = 'absent' | 'present' | { readonly version: number };

export type Write =
  | (Key & { readonly kind: 'put'; readonly value: unknown; readonly expiresAt?: number; readonly if?: Condition })
  | (Key & { readonly kind: 'delete'; readonly if?: Condition })
  | (Key & { readonly kind: 'check'; readonly if: Condition });

export interface QueryOptions {
  /** Only sort keys that start with this. */
  readonly prefix?: string;
  /** Only sort keys after this one (exclusive). */
  readonly after?: string;
  /** At most so many documents. Default: all. */
  readonly limit?: number;
}

/** Writes that depend on what was applied before them. */
export interface Decided<T> {
  readonly writes: readonly Write[];
  /** They hold. Called before the next of the same turn is decided; gives the answer. */
  readonly applied: () => T;
  /** They do not hold, or nobody knows. Called before the next of the same turn is decided; also after `applied`, where they were undone together with others. */
  readonly undone: (error: unknown) => void;
}

/**
 * What is applied everybody sees, and it outlives this process. What is durable outlives the machine.
 * A store that cannot tell the two apart is durable at once.
 */
export interface DocumentStore {
  get(key: Key): Promise<Document | undefined>;
  /** Documents of one partition in sort key order (by code unit). */
  query(pk: string, options?: QueryOptions): Promise<Document[]>;
  /**
   * All writes or none, at most 100, each on another key. Resolves once they are durable.
   * @throws ConditionFailed when a condition does not hold; nothing is written then.
   */
  write(writes: readonly Write[]): Promise<void>;
  /** As `write`, but resolves once they are applied. */
  apply(writes: readonly Write[]): Promise<void>;
  /**
   * As `apply`, of writes that are decided at their turn: one after another, in the order that they were asked for, each when the one before it holds or does not.
   * @param decide answers without waiting; where it throws nothing is written, and its error is passed on.
   */
  applyInTurn<T>(turn: string, decide: () => Decided<T>): Promise<T>;
  /** Resolves once all that was applied through this store so far is durable. Rejects where that cannot be had. */
  durable(): Promise<void>;
  close(): Promise<void>;
}

/** A conditional write found something else than it asked for. */
export class ConditionFailed extends Error {
  override readonly name = 'ConditionFailed';
  readonly key: Key;
  constructor(key: Key, condition: Condition) {
    super(`${key.pk} ${key.sk} is not ${typeof condition === 'string' ? condition : `at version ${condition.version}`}`);
    this.key = key;
  }
}
