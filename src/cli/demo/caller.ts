import { spawn } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';

const count = z.int();
const versionCounts = z.object({ requests: count, errors: count, firstErrorAt: z.nullable(z.number()), lastSentAt: z.number() });
const report = z.object({ at: z.number(), requests: count, errors: count, versions: z.record(z.string(), versionCounts), unanswered: count, codes: z.record(z.string(), count) });

/** What the caller reports of one interval. */
export type Report = z.infer<typeof report>;
export type VersionCounts = z.infer<typeof versionCounts>;

/** What the caller saw in all since it started, or since `mark`. Times are epoch milliseconds. */
export interface Totals {
  readonly requests: number;
  readonly errors: number;
  readonly versions: Readonly<Record<string, VersionCounts>>;
  readonly unanswered: number;
}

const NOTHING: Totals = { requests: 0, errors: 0, versions: {}, unanswered: 0 };

function addVersion(before: VersionCounts | undefined, more: VersionCounts): VersionCounts {
  if (before === undefined) return more;
  return {
    requests: before.requests + more.requests,
    errors: before.errors + more.errors,
    firstErrorAt: before.firstErrorAt ?? more.firstErrorAt,
    lastSentAt: Math.max(before.lastSentAt, more.lastSentAt),
  };
}

/** Totals with one more report. */
export const addReport = (totals: Totals, more: Report): Totals => ({
  requests: totals.requests + more.requests,
  errors: totals.errors + more.errors,
  unanswered: totals.unanswered + more.unanswered,
  versions: {
    ...totals.versions,
    ...Object.fromEntries(Object.entries(more.versions).map(([version, counts]) => [version, addVersion(totals.versions[version], counts)])),
  },
});

export interface CallerOptions {
  /** The program: examples/pgmesh/caller.ts, built. */
  readonly program: string;
  /** Where it finds svc1. */
  readonly env: Readonly<Record<string, string>>;
  readonly rate: number;
  readonly reportMs: number;
  readonly onComplaint: (line: string) => void;
}

/** The client of the demo: a process of its own, as a real one would be. */
export class Caller {
  #totals = NOTHING;
  #latest: Report | undefined;
  readonly #events = new EventEmitter();
  readonly #stop: () => Promise<void>;
  #ended: string | undefined;

  constructor({ program, env, rate, reportMs, onComplaint }: CallerOptions) {
    const child = spawn(process.execPath, [program], { env: { ...process.env, ...env, RATE: String(rate), REPORT_MS: String(reportMs) }, stdio: 'pipe', detached: true });
    child.stdin.on('error', () => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => this.#take(line));
    createInterface({ input: child.stderr }).on('line', onComplaint);
    const exited = once(child, 'exit').then(([code]) => {
      this.#ended = `the caller ended with exit code ${String(code)}`;
      this.#events.emit('report');
    });
    this.#stop = async () => {
      child.stdin.end();
      await exited;
    };
  }

  /** The last interval. */
  get latest(): Report | undefined {
    return this.#latest;
  }

  get totals(): Totals {
    return this.#totals;
  }

  /** Begins a new count. */
  mark(): void {
    this.#totals = NOTHING;
  }

  /**
   * Waits for a report that is as asked for.
   * @throws Error when the caller ended, AbortError when `signal` aborts
   */
  async until(isWanted: (latest: Report) => boolean, signal: AbortSignal): Promise<Report> {
    for (;;) {
      if (this.#ended === undefined) await once(this.#events, 'report', { signal });
      if (this.#ended !== undefined) throw new Error(this.#ended);
      if (this.#latest !== undefined && isWanted(this.#latest)) return this.#latest;
    }
  }

  stop(): Promise<void> {
    return this.#stop();
  }

  #take(line: string): void {
    this.#latest = report.parse(JSON.parse(line));
    this.#totals = addReport(this.#totals, this.#latest);
    this.#events.emit('report');
  }
}
