import type { WatchTick } from '../../contracts/events.ts';
import { endBake, endingFor, type OpenBake } from '../bake/bakes.ts';
import { advanceJudge, countedOf, findJudgeRecord, isPolledNow } from '../bake/judge-record.ts';
import { bakeKey } from '../record/keys.ts';
import type { Ports } from '../ports.ts';

/** What a look at a bake did, in words. */
export interface Looked {
  readonly effect: 'ended' | 'judged' | 'none';
  readonly reason: string;
}

/**
 * One look at an open bake by what CloudWatch and Prometheus say, ending it at once when that is decisive. What someone else (a control plane's watch)
 * asked for within a source's period is not asked for again, and no interval is counted twice, whoever looks.
 */
export async function lookOnce(ports: Ports, { watch: id, bake }: WatchTick): Promise<Looked> {
  const open = (await ports.store.get(bakeKey(id)))?.value as OpenBake | undefined;
  if (open?.bake !== bake) {
    await ports.bakeWatch.end({ id, bake });
    return { effect: 'none', reason: 'the bake is over' };
  }
  const record = await findJudgeRecord(ports.store, id);
  if (!countedOf(open).some((metric) => isPolledNow(record, metric, ports.clock()))) return { effect: 'none', reason: 'nothing new can be there yet' };
  const { judgement } = await advanceJudge(ports, open, 'polled');
  const ending = endingFor(open, judgement, ports.clock());
  const ended = ending !== undefined && (await endBake(ports.stepFunctions, ports.cipher, open, ending));
  ports.log('info', 'bake looked at', { id, bake, ended, outcome: judgement.outcome, reason: judgement.reason });
  return { effect: ended ? 'ended' : 'judged', reason: judgement.reason };
}
