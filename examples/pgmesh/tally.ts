/** What came back from one version. Times are epoch milliseconds. */
export interface VersionCounts {
  requests: number;
  errors: number;
  /** When the first failed answer arrived. */
  firstErrorAt: number | null;
  /** When the last request that it answered was sent. */
  lastSentAt: number;
}

/** One line of the caller's report: what ended since the line before. */
export interface Report {
  readonly at: number;
  readonly requests: number;
  readonly errors: number;
  /** By the version that answered. */
  readonly versions: Readonly<Record<string, VersionCounts>>;
  /** Requests that no version answered: the proxy or the network did. */
  readonly unanswered: number;
  /** Failed requests by gRPC status code. */
  readonly codes: Readonly<Record<string, number>>;
}

/** Counts answers, and hands over what came since it was last asked. */
export class Tally {
  #versions: Record<string, VersionCounts> = {};
  #codes: Record<string, number> = {};
  #unanswered = 0;

  /** `code` is the gRPC status, 0 for OK; without a version nobody of svc1 answered. */
  add(answer: { readonly version?: string; readonly code: number; readonly sentAt: number; readonly at: number }): void {
    if (answer.code !== 0) this.#codes[answer.code] = (this.#codes[answer.code] ?? 0) + 1;
    if (answer.version === undefined) {
      this.#unanswered += 1;
      return;
    }
    const counts = (this.#versions[answer.version] ??= { requests: 0, errors: 0, firstErrorAt: null, lastSentAt: 0 });
    counts.requests += 1;
    counts.lastSentAt = Math.max(counts.lastSentAt, answer.sentAt);
    if (answer.code === 0) return;
    counts.errors += 1;
    counts.firstErrorAt ??= answer.at;
  }

  take(at: number): Report {
    const all = Object.values(this.#versions);
    const report: Report = {
      at,
      requests: all.reduce((sum, { requests }) => sum + requests, this.#unanswered),
      errors: all.reduce((sum, { errors }) => sum + errors, this.#unanswered),
      versions: this.#versions,
      unanswered: this.#unanswered,
      codes: this.#codes,
    };
    this.#versions = {};
    this.#codes = {};
    this.#unanswered = 0;
    return report;
  }
}
