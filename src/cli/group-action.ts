import { optionalText, type Argument, type Call, type Option } from './command.ts';
import { connect } from './client.ts';
import { UsageError } from './errors.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { print } from './output.ts';
import { actOnGroup } from './rollouts-api.ts';

/** Of a command that acts on one rollout, or on all of a group. */
export const ID_OR_GROUP: Argument = { name: 'ID', about: 'the id of a rollout', optional: true };
export const GROUP: Option = { type: 'string', value: 'NAME', about: 'every rollout under way of a group that goes up in lockstep, instead of ID' };

/** The group that is acted on; undefined for one rollout. @throws UsageError for both, or neither */
export function readGroup(call: Call, action: string): string | undefined {
  const group = optionalText(call, 'group');
  if ((call.args[0] === undefined) === (group === undefined)) throw new UsageError(`rollout ${action}: give the ID of a rollout, or a --group`, `\`meshshift rollout ${action} --help\` shows what there is`);
  return group;
}

/** Takes an action on all of a group, and says what came of it for each. */
export async function actOnAll(call: Call, group: string, action: string, body: { readonly who: string; readonly reason: string }): Promise<ExitCode> {
  const rollouts = await actOnGroup(connect(call.endpoint, call.io.env), group, action, body);
  print(call, { group, action, rollouts }, () => [...rollouts.map(({ id, accepted, reason }) => (accepted ? `rollout ${id}: ${action} is taken up` : reason)), `watch them: meshshift rollout list --group ${group}`]);
  return rollouts.some(({ accepted }) => accepted) ? EXIT.ok : EXIT.refused;
}
