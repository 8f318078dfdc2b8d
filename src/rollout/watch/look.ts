import { setImmediate as immediate } from 'node:timers/promises';
import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Log } from '../../contracts/log.ts';
import { endBake, endingFor, listBakes, type OpenBake } from '../bake/bakes.ts';
import type { TokenCipher } from '../bake/token-cipher.ts';
import { countAndKeep, countOn, type Counted, type CountPorts } from './count.ts';

export interface LookPorts extends CountPorts {
  readonly stepFunctions: SFNClient;
  readonly cipher: TokenCipher;
  readonly log: Log;
  /** How long the store is left alone as long as nothing is decided; 0: never. */
  readonly storeEveryMs: number;
}

/** What a process with a watch knows of the open bakes, from look to look. */
interface Known {
  /** As they were last listed. */
  bakes: readonly OpenBake[];
  /** The (sealed) tokens of bakes that this process has ended: their documents stay until Judge takes them up. */
  ended: Set<string>;
  /**
   * By their tokens. Hardly anybody else writes a judge's record while its bake is open, and its version tells when somebody did: with thousands
   * of bakes open, reading each of them at each look would take most of a processor.
   */
  readonly counted: Map<string, Counted>;
}

/** Bakes that are looked at before others have their turn: what comes in meanwhile does not wait for thousands. */
const AT_A_TIME = 50;

async function forEachOpen({ bakes, ended }: Known, log: Log, lookAt: (bake: OpenBake) => Promise<void>): Promise<void> {
  for (const [index, bake] of bakes.filter(({ token }) => !ended.has(token)).entries()) {
    if (index > 0 && index % AT_A_TIME === 0) await immediate();
    await lookAt(bake).catch((error: unknown) => {
      log('error', 'bake not looked at', { id: bake.id, error: String(error) });
    });
  }
}

/** Whether what is counted ends a bake; in memory, of the bakes that are known. */
async function isAnyDecided(ports: LookPorts, known: Known): Promise<boolean> {
  let isDecided = false;
  await forEachOpen(known, ports.log, async (bake) => {
    const before = known.counted.get(bake.token);
    if (before === undefined) return;
    const after = await countOn(ports, bake, before);
    known.counted.set(bake.token, after);
    isDecided ||= endingFor(bake, after.record.judgement, ports.clock()) !== undefined;
  });
  return isDecided;
}

/** Lists the open bakes anew; what is known of others is forgotten. */
async function list({ store }: LookPorts, known: Known): Promise<void> {
  known.bakes = await listBakes(store);
  const open = new Set(known.bakes.map(({ token }) => token));
  known.ended = new Set([...known.ended].filter((token) => open.has(token)));
  for (const token of known.counted.keys()) if (!open.has(token)) known.counted.delete(token);
}

/** Counts a bake, writes that down, and ends the bake if it is decisive. */
async function settle(ports: LookPorts, known: Known, bake: OpenBake): Promise<void> {
  const { stepFunctions, cipher, log, clock } = ports;
  const before = known.counted.get(bake.token);
  // Should it fail, nothing is known of what the store has.
  known.counted.delete(bake.token);
  const counted = await countAndKeep(ports, bake, before);
  if (counted === undefined) return;
  known.counted.set(bake.token, counted);
  const { judgement } = counted.record;
  const ending = endingFor(bake, judgement, clock());
  if (ending === undefined) return;
  await endBake(stepFunctions, cipher, bake, ending);
  known.ended.add(bake.token);
  log('info', 'bake ended by the watch', { id: bake.id, bake: bake.bake, ending: ending.kind, reason: judgement.reason });
}

/**
 * Looks at every open bake. Between two turns of the store, which are `storeEveryMs` apart, it counts in memory alone; what is decisive is a turn at once, as a
 * bake is ended only by what is written down. What fails for one is logged and tried again at the next look; the others are looked at all the same.
 */
export function createLook(ports: LookPorts): () => Promise<void> {
  const known: Known = { bakes: [], ended: new Set(), counted: new Map() };
  let turnAt = Number.NEGATIVE_INFINITY;

  return async () => {
    // A clock that is set back is no reason to leave the store alone.
    const isLeftAlone = Math.abs(ports.clock() - turnAt) < ports.storeEveryMs;
    if (isLeftAlone && !(await isAnyDecided(ports, known))) return;
    turnAt = ports.clock();
    await list(ports, known);
    await forEachOpen(known, ports.log, (bake) => settle(ports, known, bake));
  };
}
