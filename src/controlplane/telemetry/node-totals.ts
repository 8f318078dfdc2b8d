import { addLatency, type LatencyCounts } from '../../contracts/latency.ts';

/** Everything that was reported of one virtual node since the control plane started, or since it was last forgotten. */
export interface NodeTotals {
  readonly mesh: string;
  readonly virtualNode: string;
  readonly ok: number;
  readonly errors: number;
  /** Undefined where no proxy tells latencies. */
  readonly latency?: LatencyCounts | undefined;
  readonly latencySumMs: number;
  /** Requests without an answer yet, by the newest report of each connected proxy. */
  readonly inProgress: number;
}

interface Total extends Omit<NodeTotals, 'inProgress'> {
  readonly at: number;
}

type Added = Pick<NodeTotals, 'mesh' | 'virtualNode'> & Partial<Pick<NodeTotals, 'ok' | 'errors' | 'latency' | 'latencySumMs'>>;

const keyOf = ({ mesh, virtualNode }: Pick<NodeTotals, 'mesh' | 'virtualNode'>): string => `${mesh}/${virtualNode}`;

/** Counters that only rise, and what is in flight. A node of which nothing was heard for as long as counts are kept is forgotten. */
export class Totals {
  readonly #keepForMs: number;
  readonly #totals = new Map<string, Total>();
  /** By reporting proxy, what each of its nodes has in flight. */
  readonly #inProgress = new Map<object, ReadonlyMap<string, number>>();

  constructor(keepForMs = 10_800_000) {
    this.#keepForMs = keepForMs;
  }

  add({ ok = 0, errors = 0, latency, latencySumMs = 0, ...node }: Added, at: number): void {
    const before = this.#totals.get(keyOf(node));
    this.#totals.set(keyOf(node), {
      ...node,
      at,
      ok: (before?.ok ?? 0) + ok,
      errors: (before?.errors ?? 0) + errors,
      latency: latency === undefined ? before?.latency : addLatency(before?.latency ?? [], latency),
      latencySumMs: (before?.latencySumMs ?? 0) + latencySumMs,
    });
  }

  /** A report names every node that a proxy has requests with: what it does not name is idle. */
  setInProgress(proxy: object, mesh: string, nodes: readonly { readonly virtualNode: string; readonly inProgress: number }[]): void {
    this.#inProgress.set(proxy, new Map(nodes.map(({ virtualNode, inProgress }) => [keyOf({ mesh, virtualNode }), inProgress])));
  }

  /** The proxy is gone, and what it had in flight with it. */
  leave(proxy: object): void {
    this.#inProgress.delete(proxy);
  }

  read(now: number): NodeTotals[] {
    for (const [key, { at }] of this.#totals) if (at < now - this.#keepForMs) this.#totals.delete(key);
    const sums = new Map<string, number>();
    for (const nodes of this.#inProgress.values()) for (const [key, count] of nodes) sums.set(key, (sums.get(key) ?? 0) + count);
    return [...this.#totals].map(([key, { at: _at, ...total }]) => ({ ...total, inProgress: sums.get(key) ?? 0 }));
  }
}
