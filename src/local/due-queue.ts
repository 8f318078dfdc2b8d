import { LONGEST_DELAY_MS, type Timers } from './timers.ts';

/** One timer for many due times: a key is due once, at the time last set for it. */
export interface DueQueue<K> {
  set(key: K, dueAt: number): void;
  delete(key: K): void;
  readonly size: number;
  close(): void;
}

interface Entry<K> {
  readonly key: K;
  readonly dueAt: number;
}

/** A binary min-heap by due time. */
class Heap<K> {
  private readonly entries: Entry<K>[] = [];

  get size(): number {
    return this.entries.length;
  }

  peek(): Entry<K> | undefined {
    return this.entries[0];
  }

  push(entry: Entry<K>): void {
    let index = this.entries.push(entry) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (this.at(parent).dueAt <= entry.dueAt) break;
      this.entries[index] = this.at(parent);
      index = parent;
    }
    this.entries[index] = entry;
  }

  pop(): void {
    const last = this.entries.pop();
    if (last === undefined || this.entries.length === 0) return;
    let index = 0;
    for (;;) {
      const child = this.smallerChild(index);
      if (child === undefined || this.at(child).dueAt >= last.dueAt) break;
      this.entries[index] = this.at(child);
      index = child;
    }
    this.entries[index] = last;
  }

  private smallerChild(index: number): number | undefined {
    const left = 2 * index + 1;
    if (left >= this.entries.length) return undefined;
    const right = left + 1;
    return right < this.entries.length && this.at(right).dueAt < this.at(left).dueAt ? right : left;
  }

  private at(index: number): Entry<K> {
    return this.entries[index] as Entry<K>;
  }
}

/**
 * Calls `onDue(key)` when a key's time has come. Delays beyond the 24.8 days a timer can hold are waited for in turns.
 * Setting a key anew replaces its time; stale heap entries are skipped when they surface.
 */
export function openDueQueue<K>(timers: Timers, onDue: (key: K) => void): DueQueue<K> {
  const heap = new Heap<K>();
  const current = new Map<K, number>();
  let cancel: (() => void) | undefined;
  let armedFor = Number.POSITIVE_INFINITY;

  const fire = (): void => {
    cancel = undefined;
    armedFor = Number.POSITIVE_INFINITY;
    for (let head = heap.peek(); head !== undefined && head.dueAt <= timers.now(); head = heap.peek()) {
      heap.pop();
      if (current.get(head.key) !== head.dueAt) continue;
      current.delete(head.key);
      onDue(head.key);
    }
    arm();
  };
  const arm = (): void => {
    const head = heap.peek();
    if (head === undefined || head.dueAt >= armedFor) return;
    cancel?.();
    armedFor = head.dueAt;
    cancel = timers.after(Math.min(Math.max(head.dueAt - timers.now(), 0), LONGEST_DELAY_MS), fire);
  };

  return {
    set: (key, dueAt) => {
      if (current.get(key) === dueAt) return;
      current.set(key, dueAt);
      heap.push({ key, dueAt });
      arm();
    },
    delete: (key) => {
      current.delete(key);
    },
    get size() {
      return current.size;
    },
    close: () => {
      cancel?.();
      current.clear();
    },
  };
}
