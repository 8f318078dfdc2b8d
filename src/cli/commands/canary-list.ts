import type { CanarySource } from '../../contracts/canary-definition.ts';
import type { Call, Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { print, table } from '../output.ts';
import { listCanaries } from '../rollouts-api.ts';

const toRow = ({ name, image, target, schedule }: CanarySource): string[] => [
  name,
  `${image.repository}:${image.tag ?? '*'}`,
  `${target.mesh}/${target.virtualRouter}/${target.route}`,
  schedule === undefined ? 'a push' : `${schedule.start} ${schedule.timezone ?? 'UTC'}`,
];

async function run(call: Call): Promise<typeof EXIT.ok> {
  const canaries = await listCanaries(connect(call.endpoint, call.io.env));
  print(call, { canaries }, () => (canaries.length === 0 ? ['no canary definitions'] : table(['name', 'images', 'route', 'started by'], canaries.map(toRow))));
  return EXIT.ok;
}

export const canaryList: Command = {
  words: ['canary', 'list'],
  about: 'list the canary definitions',
  remote: true,
  examples: ['meshshift canary list', 'meshshift canary list --json'],
  run,
};
