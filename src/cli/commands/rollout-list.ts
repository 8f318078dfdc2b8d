import { optionalText, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { PHASES, type Rollout } from '../../contracts/rollout.ts';
import { duration } from '../../contracts/units.ts';
import { misuse } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { print, table } from '../output.ts';
import { listRollouts, type RolloutFilter } from '../rollouts-api.ts';
import { percent, phaseWords } from '../view/words.ts';

/** Percent that the canary has of what both sides have; the other targets of the route keep theirs. */
const shareOf = ({ weights, canary, stable }: Rollout): number | null => {
  const [own, other] = [weights[canary] ?? 0, weights[stable] ?? 0];
  return own + other === 0 ? null : (100 * own) / (own + other);
};

/** What it waits for, in words: one that is not up yet, or paused, says so in its reason. */
const waitOf = ({ waiting, phase, reason }: Rollout): string => waiting?.reason ?? ((phase === 'Pending' || phase === 'Paused') && reason !== '' ? reason : '-');

const toRow = (rollout: Rollout): string[] => [
  rollout.id,
  rollout.definition,
  rollout.image.tag,
  phaseWords(rollout.phase),
  `${rollout.step + 1}/${rollout.steps.length}`,
  percent(shareOf(rollout), 0),
  new Date(rollout.startedAt).toISOString().replace(/\.\d+Z$/, 'Z'),
  waitOf(rollout),
];

/** A time as it is, or as long ago as a duration says. */
function readSince(since: string): string {
  const ago = duration.safeParse(since);
  if (ago.success) return new Date(Date.now() - ago.data * 1000).toISOString();
  if (!Number.isNaN(Date.parse(since))) return since;
  throw misuse('rollout list', `--since: ${since}: must be a time such as 2026-01-31T09:00:00Z, or a duration such as 2h or 7d`);
}

const FILTERS = ['definition', 'group', 'phase', 'image', 'since', 'text'] as const;

async function run(call: Call): Promise<typeof EXIT.ok> {
  const filter: RolloutFilter = Object.fromEntries(
    FILTERS.flatMap((name) => {
      const value = optionalText(call, name);
      return value === undefined ? [] : [[name, name === 'since' ? readSince(value) : value]];
    }),
  );
  const rollouts = await listRollouts(connect(call.endpoint, call.io.env), filter);
  print(call, { rollouts }, () => (rollouts.length === 0 ? ['no rollouts'] : table(['id', 'definition', 'tag', 'phase', 'step', 'weight', 'started', 'waits'], rollouts.map(toRow), [4, 5])));
  return EXIT.ok;
}

export const rolloutList: Command = {
  words: ['rollout', 'list'],
  about: 'list the rollouts, running and ended, the newest 100 that match',
  remote: true,
  options: {
    definition: { type: 'string', value: 'NAME', about: 'only those of one canary definition' },
    group: { type: 'string', value: 'NAME', about: 'only those that go up in lockstep as one group' },
    phase: { type: 'string', value: 'PHASE', about: `only those in a phase: ${PHASES.join(', ')}` },
    image: { type: 'string', value: 'IMAGE', about: 'only those of a repository, a tag, REPOSITORY:TAG or a digest' },
    since: { type: 'string', value: 'TIME', about: 'only those that started since a time, or within a duration such as 2h or 7d' },
    text: { type: 'string', value: 'TEXT', about: 'only those whose history says it: what was done, by whom and why' },
  },
  details: 'A rollout is kept for 400 days after its end, with everything that was decided and why: `meshshift rollout status ID` shows it.',
  examples: ['meshshift rollout list', 'meshshift rollout list --since 7d --phase RolledBack', 'meshshift rollout list --text ada', "meshshift rollout list --json | jq -r '.rollouts[].id'"],
  run,
};
