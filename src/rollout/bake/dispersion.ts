import { addDispersion, NO_DISPERSION, knownPhiOf, toDispersion, type Dispersion, type KnownPhi } from '../../canary/judge/dispersion.ts';
import type { CanaryDefinition, Metric } from '../../contracts/canary-definition.ts';
import type { DocumentStore, Write } from '../../store/port.ts';
import { findJudgeRecord } from './judge-record.ts';
import { dispersionKey } from '../record/keys.ts';
import type { RolloutRecord } from '../record/records.ts';
import { metricsOf } from './situations.ts';

/** What good rollouts of a definition have shown of how its bad requests come, by metric. */
interface History {
  /** The rollout that was added last: it is not added again. */
  readonly last: string;
  readonly metrics: Readonly<Record<string, { readonly meaning: string; readonly dispersion: Dispersion }>>;
}

/** What is bad by a metric. Another bound changes nothing of it. */
const meaningOf = ({ source, slowerThan, bad, total }: Metric): string => JSON.stringify([source, slowerThan ?? null, bad ?? null, total ?? null]);

const readHistory = async (store: DocumentStore, definition: string): Promise<History | undefined> => (await store.get(dispersionKey(definition)))?.value as History | undefined;

function knownOf(history: History | undefined, metric: Metric): Dispersion {
  const known = history?.metrics[metric.name];
  return known?.meaning === meaningOf(metric) ? known.dispersion : NO_DISPERSION;
}

/** φ by metric, as earlier rollouts have shown it: fixed before this one sees a request, so that its tests stay valid. */
export async function readPhis(store: DocumentStore, definition: CanaryDefinition): Promise<Record<string, KnownPhi>> {
  const history = await readHistory(store, definition.name);
  return Object.fromEntries(metricsOf(definition).map((metric) => [metric.name, knownPhiOf(knownOf(history, metric))]));
}

/** Adds what a rollout has shown that was good to its end. To be written with that end. */
export async function learnDispersion(store: DocumentStore, { id, definition, settings }: RolloutRecord): Promise<Write[]> {
  const [history, judged] = await Promise.all([readHistory(store, definition), findJudgeRecord(store, id)]);
  if (judged === undefined || history?.last === id) return [];
  const learned = metricsOf(settings).map((metric) => {
    const counted = judged.state.metrics[metric.name];
    const shown = counted === undefined ? NO_DISPERSION : toDispersion(counted.evidence.dispersion);
    return [metric.name, { meaning: meaningOf(metric), dispersion: addDispersion(knownOf(history, metric), shown) }] as const;
  });
  const value: History = { last: id, metrics: Object.fromEntries(learned) };
  return [{ kind: 'put', ...dispersionKey(definition), value }];
}
