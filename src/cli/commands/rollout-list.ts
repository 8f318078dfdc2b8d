import { optionalText, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import type { Rollout } from '../../contracts/rollout.ts';
import { EXIT } from '../exit-codes.ts';
import { print, table } from '../output.ts';
import { listRollouts } from '../rollouts-api.ts';
import { percent, phaseWords } from '../view/words.ts';

/** Percent that the canary has of what both sides have; the other targets of the route keep theirs. */
const shareOf = ({ weights, canary, stable }: Rollout): number | null => {
  const [own, other] = [weights[canary] ?? 0, weights[stable] ?? 0];
  return own + other === 0 ? null : (100 * own) / (own + other);
};

const toRow = (rollout: Rollout): string[] => [
  rollout.id,
  rollout.definition,
  rollout.image.tag,
  phaseWords(rollout.phase),
  `${rollout.step + 1}/${rollout.steps.length}`,
  percent(shareOf(rollout), 0),
  new Date(rollout.startedAt).toISOString().replace(/\.\d+Z$/, 'Z'),
];

async function run(call: Call): Promise<typeof EXIT.ok> {
  const definition = optionalText(call, 'definition');
  const all = await listRollouts(connect(call.endpoint, call.io.env));
  const rollouts = all.filter((rollout) => definition === undefined || rollout.definition === definition);
  print(call, { rollouts }, () => (rollouts.length === 0 ? ['no rollouts'] : table(['id', 'definition', 'tag', 'phase', 'step', 'weight', 'started'], rollouts.map(toRow), [4, 5])));
  return EXIT.ok;
}

export const rolloutList: Command = {
  words: ['rollout', 'list'],
  about: 'list the rollouts, running and ended',
  remote: true,
  options: { definition: { type: 'string', value: 'NAME', about: 'only those of one canary definition' } },
  examples: ['meshshift rollout list', "meshshift rollout list --json | jq -r '.rollouts[].id'"],
  run,
};
