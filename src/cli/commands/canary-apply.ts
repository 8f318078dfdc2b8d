import { text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';
import { readCanary } from '../read-files.ts';
import { putCanary } from '../rollouts-api.ts';

async function run(call: Call): Promise<typeof EXIT.ok> {
  const { source, definition } = await readCanary(text(call, 'file'));
  await putCanary(connect(call.endpoint, call.io.env), definition.name, source);
  print(call, { name: definition.name, applied: true }, () => [
    `canary ${definition.name} applied: pushes to ${definition.image.repository} with tag ${definition.image.tag} start a rollout`,
  ]);
  return EXIT.ok;
}

export const canaryApply: Command = {
  words: ['canary', 'apply'],
  about: 'store a canary definition: how one service is released',
  remote: true,
  options: { file: { type: 'string', short: 'f', value: 'FILE', required: true, about: 'the canary definition, YAML or JSON' } },
  details: 'It takes the place of the definition of the same name; rollouts under way keep theirs.',
  examples: ['meshshift canary apply -f examples/pgmesh/canary.yaml'],
  run,
};
