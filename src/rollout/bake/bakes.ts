import { InvalidToken, SendTaskFailureCommand, SendTaskSuccessCommand, TaskDoesNotExist, TaskTimedOut, type SFNClient } from '@aws-sdk/client-sfn';
import type { Analysis } from '../../contracts/analysis.ts';
import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import { nextAction, type BakeEnd, type GiveUp } from '../../canary/next-action.ts';
import type { Judgement } from '../../canary/judge/judge.ts';
import { toJudged, toSituation } from './situations.ts';
import type { RolloutRecord } from '../record/records.ts';
import type { JudgedPair } from './judge-record.ts';
import type { DocumentStore } from '../../store/port.ts';
import { BAKES, bakeKey } from '../record/keys.ts';
import type { Ports } from '../ports.ts';
import type { TokenCipher } from './token-cipher.ts';

/** A bake under way. It holds all that the watch needs, so that a look at it costs one read. */
export interface OpenBake extends JudgedPair {
  readonly bake: number;
  readonly startedAt: number;
  readonly endsAt: number;
  /** Sealed. */
  readonly token: string;
  readonly record: Pick<RolloutRecord, 'step' | 'steps' | 'promoted' | 'holds' | 'paused' | 'deadline' | 'waiting' | 'alarm' | 'hookHold'> & { readonly settings: { readonly analysis: Analysis; readonly advance: CanaryDefinition['advance'] } };
}

export const toOpenBake = (record: RolloutRecord, bake: { readonly bake: number; readonly startedAt: number; readonly endsAt: number; readonly token: string }): OpenBake => {
  const { step, steps, promoted, holds, paused, deadline, settings, waiting, alarm, hookHold } = record;
  const judged = toJudged(record);
  return { ...judged, ...bake, record: { step, steps, promoted, holds, paused, deadline, waiting, alarm, hookHold, settings: { analysis: judged.analysis, advance: settings.advance } } };
};

export const listBakes = async (store: DocumentStore): Promise<OpenBake[]> => (await store.query(BAKES)).map(({ value }) => value as OpenBake);

/** How a bake ends before its time: by failing its task at once, or by asking Judge. */
export type Ending = { readonly kind: 'fail'; readonly error: GiveUp; readonly reason: string } | { readonly kind: 'end'; readonly by: BakeEnd };

/** A part of the bake must be over before a pass ends it: some faults need their time to show. */
const SHORTEST_PART = 0.25;

/** What a judgement does to a bake under way: a failing one ends it at once, a passing one where the definition or a hold asks for it. */
export function endingFor(bake: OpenBake, judgement: Judgement, now: number): Ending | undefined {
  if (judgement.outcome === 'fail') return { kind: 'fail', error: 'VerdictFailed', reason: judgement.reason };
  const { record } = bake;
  // A wait ends by its time or by a person, a hook is asked again in time; only a failing verdict ends them before.
  if (record.paused || record.waiting !== null || record.hookHold) return undefined;
  const early = record.settings.advance === 'onPass' && judgement.outcome === 'pass' && now - bake.startedAt >= SHORTEST_PART * (bake.endsAt - bake.startedAt);
  const holdIsOver = record.holds > 0 && nextAction(toSituation(record, judgement, 'time', null, now)).kind !== 'hold';
  return early || holdIsOver ? { kind: 'end', by: 'verdict' } : undefined;
}

/** The task is over already: the bake ended by someone or something else. */
const isOver = (error: unknown): boolean => error instanceof TaskTimedOut || error instanceof TaskDoesNotExist || error instanceof InvalidToken;

/** Step Functions takes no more of a cause. */
const LONGEST_CAUSE = 30_000;

/** Ends a bake (or another task that waits for its token) by the token; answers false for one that is over already. */
export async function endBake(stepFunctions: SFNClient, cipher: TokenCipher, bake: Pick<OpenBake, 'id' | 'token'>, ending: Ending): Promise<boolean> {
  const taskToken = cipher.open(bake.token, bake.id);
  try {
    if (ending.kind === 'fail') await stepFunctions.send(new SendTaskFailureCommand({ taskToken, error: ending.error, cause: ending.reason.slice(0, LONGEST_CAUSE) }));
    else await stepFunctions.send(new SendTaskSuccessCommand({ taskToken, output: JSON.stringify({ endedBy: ending.by }) }));
    return true;
  } catch (error) {
    if (!isOver(error)) throw error;
    return false;
  }
}

/** Ends the bake under way, if one is. A bake that opens later sees by itself what the record says then. */
export async function endBakeUnderWay({ store, stepFunctions, cipher }: Pick<Ports, 'store' | 'stepFunctions' | 'cipher'>, id: string, ending: Ending): Promise<void> {
  const bake = (await store.get(bakeKey(id)))?.value as OpenBake | undefined;
  if (bake !== undefined) await endBake(stepFunctions, cipher, bake, ending);
}
