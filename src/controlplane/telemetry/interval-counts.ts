import { addLatency } from '../../contracts/latency.ts';
import type { CountsBucket } from '../model/counts.ts';

/** Counts of one virtual node in one interval. */
export type Counts = Pick<CountsBucket, 'ok' | 'errors' | 'latency'>;

interface Series {
  /** Closed intervals, oldest first, only those with requests. */
  readonly fine: CountsBucket[];
  /** What is older, summed over longer intervals. */
  readonly coarse: CountsBucket[];
}

export interface IntervalCountsOptions {
  readonly intervalMs: number;
  /** How long buckets keep their interval before they are summed up. Default 10 minutes. */
  readonly fineForMs?: number;
  /** The length of a summed interval. Default 5 s. */
  readonly coarseMs?: number;
  /** How long anything is kept. Default 3 hours. */
  readonly keepForMs?: number;
  /** Of how many nodes anything is kept; reports of more are left out. Default 20,000. */
  readonly mostKeys?: number;
}

function sum(one: Counts, other: Counts): Counts {
  const latency = one.latency === undefined || other.latency === undefined ? (one.latency ?? other.latency) : addLatency(one.latency, other.latency);
  return { ok: one.ok + other.ok, errors: one.errors + other.errors, ...(latency === undefined ? {} : { latency }) };
}

/**
 * Counts by virtual node in intervals aligned to the clock, so that canary and stable are compared over the same time.
 * A report belongs to the interval that is open when it arrives: a closed bucket never changes, and nothing is counted twice.
 * Bounded: at the defaults at most about 5,200 buckets for a node (3,000 of 0.2 s, 2,160 of 5 s), and 20,000 nodes. A node without a bucket left is forgotten.
 */
export class IntervalCounts {
  readonly #options: Required<IntervalCountsOptions>;
  readonly #closed = new Map<string, Series>();
  readonly #open = new Map<string, Counts>();
  /** End of the open interval. */
  #end: number;
  #nextSweep = 0;

  constructor(options: IntervalCountsOptions, now: number) {
    this.#options = { fineForMs: 600_000, coarseMs: 5_000, keepForMs: 10_800_000, mostKeys: 20_000, ...options };
    this.#end = this.#endOf(now);
  }

  /** When the open interval ends. */
  get openUntil(): number {
    return this.#end;
  }

  /** Adds to the open interval; answers false where there are too many nodes already. */
  add(key: string, counts: Counts, now: number): boolean {
    this.closeUntil(now);
    if (!this.#closed.has(key)) {
      if (this.#closed.size >= this.#options.mostKeys) return false;
      this.#closed.set(key, { fine: [], coarse: [] });
    }
    this.#open.set(key, sum(this.#open.get(key) ?? { ok: 0, errors: 0 }, counts));
    return true;
  }

  /** Closes the open interval if its time is over; returns its end if so. A clock that steps back closes nothing. */
  closeUntil(now: number): number | undefined {
    if (now < this.#end) return undefined;
    const at = this.#end;
    for (const [key, counts] of this.#open) this.#close(key, { at, ...counts }, now);
    this.#open.clear();
    this.#end = this.#endOf(now);
    this.#forgetIdle(now);
    return at;
  }

  /**
   * Closed buckets with `at` > since. Of a summed bucket that began before `since`, a part would be read twice: it is left out.
   * Everything up to the time returned is final.
   */
  read(key: string, since: number, now: number): { buckets: CountsBucket[]; now: number } {
    this.closeUntil(now);
    const series = this.#closed.get(key);
    const coarse = (series?.coarse ?? []).filter(({ at }) => at - this.#options.coarseMs >= since);
    const fine = (series?.fine ?? []).filter(({ at }) => at > since);
    return { buckets: [...coarse, ...fine], now: Math.max(now, this.#end - this.#options.intervalMs) };
  }

  /** The end of the interval that a time falls into. */
  #endOf(now: number): number {
    return (Math.floor(now / this.#options.intervalMs) + 1) * this.#options.intervalMs;
  }

  #close(key: string, bucket: CountsBucket, now: number): void {
    const series = this.#closed.get(key);
    if (series === undefined) return;
    series.fine.push(bucket);
    this.#sumUp(series, now);
  }

  /** Once in a summed interval is often enough. */
  #forgetIdle(now: number): void {
    if (now < this.#nextSweep) return;
    this.#nextSweep = now + this.#options.coarseMs;
    for (const [key, series] of this.#closed) {
      this.#sumUp(series, now);
      if (series.fine.length === 0 && series.coarse.length === 0) this.#closed.delete(key);
    }
  }

  /** Moves what is old into summed buckets, a whole summed interval at a time, and forgets what is older still. */
  #sumUp({ fine, coarse }: Series, now: number): void {
    const { fineForMs, coarseMs, keepForMs } = this.#options;
    const boundary = Math.floor((now - fineForMs) / coarseMs) * coarseMs;
    while (fine[0] !== undefined && fine[0].at <= boundary) {
      const end = Math.ceil(fine[0].at / coarseMs) * coarseMs;
      const last = coarse.at(-1);
      if (last?.at === end) coarse[coarse.length - 1] = { at: end, ...sum(last, fine[0]) };
      else coarse.push({ ...fine[0], at: end });
      fine.shift();
    }
    while (coarse[0] !== undefined && coarse[0].at < now - keepForMs) coarse.shift();
  }
}
