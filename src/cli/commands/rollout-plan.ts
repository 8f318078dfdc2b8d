import { formatDuration } from '../../contracts/units.ts';
import type { PlannedRollout } from '../../rollout/api/plan-rollout.ts';
import { optionalText, text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { misuse } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { print, table } from '../output.ts';
import { readCanary } from '../read-files.ts';
import { planRollout } from '../rollouts-api.ts';

const when = (at: number): string => new Date(at).toISOString().replace(/\.\d+Z$/, 'Z');

const needs = ({ windows, approval, cohort, waitsSeconds }: PlannedRollout['steps'][number]): string =>
  [
    ...(cohort === undefined ? [] : [`requests with the ${cohort.header === undefined ? 'cookie' : 'header'} ${(cohort.header ?? cohort.cookie)?.name ?? ''} only`]),
    ...(approval === undefined ? [] : [`${approval.quorum} approval${approval.quorum === 1 ? '' : 's'} within ${formatDuration(approval.expiresSeconds)}`]),
    ...(windows === undefined ? [] : [windows.map((window) => window.text).join('; ')]),
    ...(waitsSeconds === 0 ? [] : [`waits ${formatDuration(waitsSeconds)}`]),
  ].join(', ') || '-';

const weightsOf = (weights: Readonly<Record<string, number>>): string => Object.entries(weights).map(([node, weight]) => `${node}=${weight}`).join(' ');

const tellGroup = ({ group, beside }: NonNullable<PlannedRollout['lockstep']>): string =>
  `in lockstep with the group ${group}: ${beside.length === 0 ? 'no other of it is under way' : beside.map(({ id, weight }) => `${id} is at ${weight} %`).join(', ')}`;

function describe({ definition, tag, stable, canary, beginsAt, steps, promotedAt, endsAt, deadline, transitions, costUsd, price, lockstep, holder }: PlannedRollout): string[] {
  const rows = steps.map((step, index) => [`${index + 1}/${steps.length}`, `${step.weight} %`, step.until === undefined ? formatDuration(step.bakeSeconds) : step.until.expression, when(step.startsAt), weightsOf(step.weights), needs(step)]);
  return [
    `${definition} ${tag}: ${stable} → ${canary}, begun ${when(beginsAt)}, if nothing holds it and approvals come at once`,
    ...table(['step', 'weight', 'bake', 'from', 'targets', 'needs'], rows, [0, 1, 2]),
    `promoted ${when(promotedAt)}, ended ${when(endsAt)}, rolled back if it is held until ${when(deadline)}`,
    `${transitions} state transitions: ${costUsd.toFixed(6)} USD on AWS (${price.usdPerThousandTransitions} USD per 1,000, ${price.source})`,
    ...(lockstep === null ? [] : [tellGroup(lockstep)]),
    ...(holder === null ? [] : [`the route is held by ${holder.id}: ${holder.then}`]),
  ];
}

async function run(call: Call): Promise<typeof EXIT.ok> {
  const [name] = call.args;
  const file = optionalText(call, 'file');
  if ((name === undefined) === (file === undefined)) throw misuse('rollout plan', 'give the NAME of a canary definition, or a --file');
  const definition = file === undefined ? name : (await readCanary(file)).source;
  const plan = await planRollout(connect(call.endpoint, call.io.env), { definition, image: { tag: text(call, 'tag') } });
  print(call, plan, () => describe(plan));
  return EXIT.ok;
}

export const rolloutPlan: Command = {
  words: ['rollout', 'plan'],
  about: 'show what a rollout would do, when, and what it would cost; nothing is started',
  remote: true,
  args: [{ name: 'NAME', about: 'the name of a canary definition', optional: true }],
  options: {
    tag: { type: 'string', value: 'TAG', required: true, about: 'the tag of the image to release' },
    file: { type: 'string', short: 'f', value: 'FILE', about: 'a canary definition that is not applied yet, instead of NAME' },
  },
  examples: ['meshshift rollout plan svc1 --tag v2', 'meshshift rollout plan -f canary.yaml --tag v2'],
  run,
};
