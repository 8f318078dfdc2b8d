import { text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';
import { readCanaries } from '../read-files.ts';
import { putCanary } from '../rollouts-api.ts';

async function run(call: Call): Promise<typeof EXIT.ok> {
  const canaries = await readCanaries(text(call, 'file'));
  const client = connect(call.endpoint, call.io.env);
  for (const { definition, source } of canaries) await putCanary(client, definition.name, source);
  print(call, { names: canaries.map(({ definition }) => definition.name), applied: true }, () =>
    canaries.map(({ definition: { name, image } }) => `canary ${name} applied: pushes to ${image.repository} with tag ${image.tag} start a rollout`),
  );
  return EXIT.ok;
}

export const canaryApply: Command = {
  words: ['canary', 'apply'],
  about: 'store a canary definition: how one service is released',
  remote: true,
  options: { file: { type: 'string', short: 'f', value: 'PATH', required: true, about: 'a canary definition, YAML or JSON, or a folder of them' } },
  details: 'Nothing is stored unless all of it is valid. It takes the place of the definition of the same name; rollouts under way keep theirs.',
  examples: ['meshshift canary apply -f examples/pgmesh/canary.yaml'],
  run,
};
