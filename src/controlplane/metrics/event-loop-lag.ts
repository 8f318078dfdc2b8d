import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Sample } from './exposition.ts';

const RESOLUTION_MS = 20;
const QUANTILES = [0.5, 0.99, 1];

export interface EventLoopLag {
  /** Seconds by which timers came late, by quantile, since it was last asked. */
  samples(): Sample[];
  close(): void;
}

/** Watches how late this process's timers come: how long a request, or a push to proxies, may have waited for its turn. */
export function watchEventLoop(): EventLoopLag {
  const delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  delays.enable();
  return {
    samples: () => {
      // The histogram is of the whole time between two turns of a timer, in nanoseconds.
      const lag = (quantile: number): number => Math.max(0, delays.percentile(quantile * 100) / 1e9 - RESOLUTION_MS / 1000);
      const samples = QUANTILES.map((quantile) => ({ labels: { quantile: String(quantile) }, value: lag(quantile) }));
      delays.reset();
      return samples;
    },
    close: () => void delays.disable(),
  };
}
