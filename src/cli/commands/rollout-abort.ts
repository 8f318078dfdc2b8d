import type { Rollout } from '../../contracts/rollout.ts';
import { text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { actOnAll, GROUP, ID_OR_GROUP, readGroup } from '../group-action.ts';
import { print } from '../output.ts';
import { actOnRollout } from '../rollouts-api.ts';
import { userOf } from '../user.ts';
import { saidOfGoingBack } from '../view/taken.ts';

async function run(call: Call): Promise<ExitCode> {
  const [id = ''] = call.args;
  const group = readGroup(call, 'abort');
  const body = { who: userOf(call), reason: text(call, 'reason') };
  if (group !== undefined) return actOnAll(call, group, 'abort', body);
  const answer = (await actOnRollout(connect(call.endpoint, call.io.env), id, 'abort', body)) as Rollout;
  const said = saidOfGoingBack('it is aborted, and its traffic goes back to where it was', answer);
  print(call, { id, action: 'abort', accepted: true }, () => [`rollout ${id}: ${said}`, `watch it: meshshift rollout status ${id} --watch`]);
  return EXIT.ok;
}

export const rolloutAbort: Command = {
  words: ['rollout', 'abort'],
  about: 'end a rollout now and give its traffic back',
  remote: true,
  args: [ID_OR_GROUP],
  options: { group: GROUP, reason: { type: 'string', value: 'TEXT', default: 'aborted by hand', about: 'why; it is kept with the rollout' } },
  examples: ['meshshift rollout abort svc1-0123456789abcdef-1 --reason "wrong build"', 'meshshift rollout abort --group checkout'],
  run,
};
