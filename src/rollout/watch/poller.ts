import type { Metric } from '../../contracts/analysis.ts';
import { tryRead, type OpenPolled } from '../../metrics/sources.ts';
import type { Reading, Readings } from '../../metrics/port.ts';
import { countedOf, isDue, toWanted, type JudgeRecord } from '../bake/judge-record.ts';
import type { OpenBake } from '../bake/bakes.ts';

/** Asks sources that are polled, each at its own pace, beside the looks: no look waits for one. */
export interface Poller {
  /** What has come for a bake since it was last taken; asks for what may have news. */
  take(bake: OpenBake, record: JudgeRecord): Readings['metrics'];
  /** Gives up what is under way. */
  close(): void;
}

interface Poll {
  readonly reading?: Reading | Error;
}

/** `openPolled` absent: nothing is polled here, and Judge and the scheduled watch do it. */
export function createPoller(openPolled: OpenPolled | undefined, clock: () => number): Poller {
  /** By bake and metric. */
  const polls = new Map<string, Poll>();
  const giveUp = new AbortController();

  const ask = (key: string, metric: Metric, open: OpenPolled, { mesh, canary, stable }: OpenBake, record: JudgeRecord): void => {
    polls.set(key, {});
    const { since } = toWanted(record, metric);
    void tryRead(async () => (await open(metric)).read({ mesh, canary, stable, since, signal: giveUp.signal })).then((reading) => polls.set(key, { reading }));
  };

  return {
    take: (bake, record) => {
      if (openPolled === undefined) return {};
      const taken: Record<string, Reading | Error> = {};
      for (const metric of countedOf(bake).filter(({ source }) => source !== 'mesh')) {
        const key = `${bake.id}/${metric.name}`;
        const poll = polls.get(key);
        if (poll?.reading !== undefined) {
          taken[metric.name] = poll.reading;
          polls.delete(key);
        } else if (poll === undefined && isDue(record, metric, clock())) ask(key, metric, openPolled, bake, record);
      }
      return taken;
    },
    close: () => giveUp.abort(),
  };
}
