import { FINAL_PHASES, type Action, type SideCounts, type StepMeasurement } from '../../contracts/rollout.ts';
import type { RolloutEventDetail, RolloutEventType } from '../../contracts/events.ts';
import type { RolloutRecord } from '../record/records.ts';

/** What it does, the command for it, and where there is one the link that does it. */
export interface MessageAction {
  readonly what: string;
  readonly command: string;
  readonly link?: string | undefined;
}

/** What people are told, whichever way it reaches them. */
export interface Message {
  readonly mood: 'good' | 'bad' | 'attention' | 'plain';
  /** `svc1 v3: rolled back`. */
  readonly title: string;
  /** Label and value. */
  readonly facts: readonly (readonly [string, string])[];
  /** Why, in the judge's or a person's own words. */
  readonly reason: string;
  /** What can be done about it. */
  readonly actions: readonly MessageAction[];
}

export interface Told {
  readonly type: RolloutEventType;
  readonly detail: RolloutEventDetail;
  /** Undefined for a rollout that was refused before there was one. */
  readonly record: RolloutRecord | undefined;
  /** What was seen at the last step. */
  readonly measured: StepMeasurement | undefined;
  /** The link for an action; undefined where there is to be none. */
  readonly linkTo: (action: Action) => string | undefined;
}

/** The words of an event's type, and its mood. */
const WORDS: Readonly<Record<RolloutEventType, readonly [string, Message['mood']]>> = {
  'Rollout Started': ['started', 'plain'],
  'Rollout Shifted': ['shifted', 'plain'],
  'Rollout Judged': ['judged', 'plain'],
  'Rollout Paused': ['on hold', 'attention'],
  'Rollout Resumed': ['resumed', 'plain'],
  'Rollout Promoted': ['promoted', 'good'],
  'Rollout Rolled Back': ['rolled back', 'bad'],
  'Rollout Failed': ['failed', 'bad'],
  'Rollout Action Taken': ['steered by hand', 'plain'],
};

const percent = (part: number, whole: number): string => `${Number(((100 * part) / whole).toPrecision(3))} %`;
const side = (name: string, { requests, errors }: SideCounts): string => `${name} ${errors} of ${requests} requests bad${requests === 0 ? '' : ` (${percent(errors, requests)})`}`;

function figuresOf(measured: StepMeasurement | undefined): [string, string][] {
  if (measured === undefined || measured.canary.requests + measured.stable.requests === 0) return [];
  const share = measured.observedShare === null ? '' : `; ${Number(measured.observedShare.toPrecision(3))} % of the requests went to the canary`;
  return [['Figures', `${side('canary', measured.canary)}, ${side('stable', measured.stable)}${share}`]];
}

function factsOf({ detail: { weight, step, who }, record, measured }: Told): [string, string][] {
  if (record === undefined) return [];
  const { stable, canary, steps, image, trigger } = record;
  const place = step < 0 ? '' : `, step ${step + 1} of ${steps.length}`;
  return [
    ['Image', `${image.repository}:${image.tag}`],
    ...(canary === '' ? [] : [['Versions', `${stable} → ${canary}`] as [string, string], ['Weight', `${weight} %${place}`] as [string, string]]),
    ...figuresOf(measured),
    ['By', who === 'meshshift' ? trigger : who],
  ];
}

/** Verbs that make sense now, and what each does. */
function verbsOf({ type, record }: Told): (readonly [string, Action])[] {
  if (type === 'Rollout Promoted') return [['bring the version before back', 'undo']];
  if (type === 'Rollout Rolled Back' || type === 'Rollout Failed') return [['try it once more', 'retry']];
  if (record === undefined || FINAL_PHASES.has(record.phase)) return [];
  const give = ['give it up', 'abort'] as const;
  if (record.paused) return [['go on', 'resume'], give];
  if (record.waiting?.for === 'approval') return [['approve it', 'approve'], give];
  if (record.waiting?.for === 'alarm') return [['go on in spite of the alarm', 'advance'], give];
  return [give];
}

/** What is said of an event of a rollout: what, from which version to which, how much, why, with which figures, and how to act on it. */
export function toMessage(told: Told): Message {
  const { type, detail, record } = told;
  const [word, mood] = WORDS[type];
  const actions = verbsOf(told).map(([what, verb]): MessageAction => ({ what, command: `meshshift rollout ${verb} ${detail.id}`, link: told.linkTo(verb) }));
  return {
    mood,
    title: `${detail.definition === '' ? detail.id : detail.definition}${record === undefined ? '' : ` ${record.image.tag}`}: ${word}`,
    facts: factsOf(told),
    reason: detail.reason,
    actions: [...actions, ...(record === undefined ? [] : [{ what: 'see it all', command: `meshshift rollout status ${detail.id}` }])],
  };
}
