import type { Schedule } from './store.ts';

export interface Place {
  readonly region: string;
  readonly accountId: string;
}

const toSeconds = (time: number): string => new Date(time).toISOString().replace(/\.\d+Z$/, 'Z');

/** What Scheduler tells a target whose schedule gives it no Input. */
const notification = ({ arn }: Schedule, time: string, id: string, { region, accountId }: Place): string =>
  JSON.stringify({ version: '0', id, 'detail-type': 'Scheduled Event', source: 'aws.scheduler', account: accountId, time, region, resources: [arn], detail: '{}' });

/**
 * The text that a target gets for a time of a schedule, with the context attributes filled in, but for the attempt, which is not known yet.
 * The execution id is the same for each attempt, so that a target can tell a repetition.
 */
export function toTargetInput(schedule: Schedule, scheduledAt: number, executionId: string, place: Place): string {
  const time = toSeconds(scheduledAt);
  const { Input } = schedule.input.Target;
  if (Input === undefined) return notification(schedule, time, executionId, place);
  const attributes: Readonly<Record<string, string>> = { 'schedule-arn': schedule.arn, 'scheduled-time': time, 'execution-id': executionId };
  return Input.replace(/<aws\.scheduler\.([a-z-]+)>/g, (whole, name: string) => attributes[name] ?? whole);
}

/** The same text, as an attempt sends it. */
export const forAttempt = (input: string, attempt: number): string => input.replaceAll('<aws.scheduler.attempt-number>', String(attempt));
