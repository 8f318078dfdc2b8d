import type { Action, Rollout } from '../../contracts/rollout.ts';
import { text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { actOnAll, GROUP, ID_OR_GROUP, readGroup } from '../group-action.ts';
import { print } from '../output.ts';
import { actOnRollout } from '../rollouts-api.ts';
import { userOf } from '../user.ts';
import { saidOfGoingBack, saidOfGoingOn } from '../view/taken.ts';

interface Verb {
  readonly action: Action;
  readonly about: string;
  /** Whether it may be taken on all of a group at once. */
  readonly groups: boolean;
  /** The reason that is kept where none is given. */
  readonly reason?: string;
  readonly examples?: readonly string[];
  /** What is said once it was taken. */
  readonly said: (id: string, answer: { readonly id: string }) => string;
}

const says = (words: string, of: typeof saidOfGoingOn = (said) => said) => (id: string, answer: Partial<Rollout>) => `rollout ${id}: ${of(words, answer)}`;

const VERBS: readonly Verb[] = [
  { action: 'approve', about: 'approve what a rollout waits for', groups: true, said: (id, answer) => `rollout ${id} is approved by ${((answer as Partial<Rollout>).approvals ?? []).map(({ who }) => who).join(', ')}` },
  { action: 'pause', about: 'hold a rollout at its weight until it is resumed', groups: true, said: says('its weight is held') },
  { action: 'resume', about: 'go on with a rollout that is paused', groups: true, said: says('it goes on') },
  { action: 'advance', about: 'go to the next step now, without waiting for the bake', groups: true, said: says('it goes to its next step', saidOfGoingOn) },
  { action: 'promote', about: 'give the new version everything now', groups: true, said: says('it is promoted', saidOfGoingOn) },
  { action: 'retry', about: 'start a rollout that was rolled back or failed once more', groups: false, said: (_, answer) => `rollout ${answer.id} started` },
  { action: 'undo', about: 'bring back the version that a finished rollout replaced, without new analysis', groups: false, said: says('the version before it serves again in a moment', saidOfGoingBack) },
  {
    action: 'abort',
    about: 'end a rollout now and give its traffic back',
    groups: true,
    reason: 'aborted by hand',
    examples: ['meshshift rollout abort svc1-0123456789abcdef-1 --reason "wrong build"', 'meshshift rollout abort --group checkout'],
    said: says('it is aborted, and its traffic goes back to where it was', saidOfGoingBack),
  },
];

const toCommand = ({ action, about, groups, reason = '', examples = [`meshshift rollout ${action} svc1-0123456789abcdef-1`], said }: Verb): Command => ({
  words: ['rollout', action],
  about,
  remote: true,
  args: [groups ? ID_OR_GROUP : { name: 'ID', about: 'the id of a rollout' }],
  options: { ...(groups ? { group: GROUP } : {}), reason: { type: 'string', value: 'TEXT', default: reason, about: 'why; it is kept with the rollout' } },
  examples,
  run: async (call: Call) => {
    const [id = ''] = call.args;
    const group = groups ? readGroup(call, action) : undefined;
    const body = { who: userOf(call), reason: text(call, 'reason') };
    if (group !== undefined) return actOnAll(call, group, action, body);
    const answer = (await actOnRollout(connect(call.endpoint, call.io.env), id, action, body)) as { id: string };
    print(call, { id: answer.id, action, accepted: true }, () => [said(id, answer), `watch it: meshshift rollout status ${answer.id} --watch`]);
    return EXIT.ok;
  },
});

/** `rollout approve`, `pause`, `resume`, `advance`, `promote`, `retry`, `undo` and `abort`. */
export const rolloutActions: readonly Command[] = VERBS.map(toCommand);
