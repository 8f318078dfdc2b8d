import type { Call, Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';
import { deleteCanary } from '../rollouts-api.ts';

async function run(call: Call): Promise<typeof EXIT.ok> {
  const [name = ''] = call.args;
  await deleteCanary(connect(call.endpoint, call.io.env), name);
  print(call, { name, deleted: true }, () => [`canary ${name} deleted, with its schedules: no push starts a rollout by it any more`]);
  return EXIT.ok;
}

export const canaryDelete: Command = {
  words: ['canary', 'delete'],
  about: 'delete a canary definition and its schedules; rollouts under way go on',
  remote: true,
  args: [{ name: 'NAME', about: 'the name of a canary definition' }],
  examples: ['meshshift canary delete svc1'],
  run,
};
