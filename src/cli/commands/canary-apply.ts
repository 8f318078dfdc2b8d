import type { CanaryDefinition } from '../../contracts/canary-definition.ts';
import { text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';
import { readCanaries } from '../read-files.ts';
import { putCanary } from '../rollouts-api.ts';

const startedBy = ({ image, schedule }: CanaryDefinition): string =>
  schedule === undefined ? `pushes to ${image.repository} with tag ${image.tag} start a rollout` : `${schedule.start} (${schedule.timezone}) starts a rollout of the newest image of ${image.repository} with tag ${image.tag}`;

async function run(call: Call): Promise<typeof EXIT.ok> {
  const canaries = await readCanaries(text(call, 'file'));
  const client = connect(call.endpoint, call.io.env);
  for (const { definition, source } of canaries) await putCanary(client, definition.name, source);
  print(call, { names: canaries.map(({ definition }) => definition.name), applied: true }, () =>
    canaries.map(({ definition }) => `canary ${definition.name} applied: ${startedBy(definition)}`),
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
