import { flag, type Call, type Command } from '../command.ts';
import { connect, type Client } from '../client.ts';
import { FINAL_PHASES, type Rollout } from '../../contracts/rollout.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { hasColour, isLive, print, table } from '../output.ts';
import { readRollout } from '../rollouts-api.ts';
import { followRollout } from '../view/follow.ts';
import { toRolloutView, type RolloutView } from '../view/rollout-view.ts';
import { openScreen } from '../view/screen.ts';
import { count, errorsOf, percent, phaseWords, requestsOf, seconds, titleOf } from '../view/words.ts';

const stepRows = ({ steps }: RolloutView): string[][] =>
  steps.map((step) => [
    `${step.number}/${steps.length}`,
    percent(step.weight, 0),
    percent(step.measured?.observedShare ?? null),
    count(requestsOf(step)),
    count(errorsOf(step)),
    step.verdict === null ? (step.state === 'baking' ? 'measuring' : '-') : `${step.verdict.outcome}: ${step.verdict.reason}`,
  ]);

function describe(rollout: Rollout): string[] {
  const view = toRolloutView(rollout, Date.now());
  return [
    `${titleOf(view)}: ${phaseWords(view.phase)} after ${seconds(view.elapsedMs)}${view.reason === '' ? '' : `: ${view.reason}`}`,
    ...table(['step', 'intended', 'observed', 'requests', 'errors', 'verdict'], stepRows(view), [0, 1, 2, 3, 4]),
    '',
    ...table(['at', 'who', 'what', 'reason'], rollout.history.map(({ at, who, kind, reason }) => [new Date(at).toISOString(), who, kind, reason])),
  ];
}

function watch(call: Call, client: Client, id: string): Promise<Rollout> {
  const stream = call.json ? call.io.stderr : call.io.stdout;
  const screen = openScreen(stream, { live: isLive(stream, call.io.env), colour: hasColour(stream, call.io.env) });
  return followRollout({ read: () => readRollout(client, id), screen, signal: call.io.interrupted });
}

const exitCodeOf = ({ phase }: Rollout): ExitCode => (FINAL_PHASES.has(phase) && phase !== 'Succeeded' ? EXIT.failed : EXIT.ok);

async function run(call: Call): Promise<ExitCode> {
  const [id = ''] = call.args;
  const client = connect(call.endpoint, call.io.env);
  const watched = flag(call, 'watch');
  try {
    const rollout = watched ? await watch(call, client, id) : await readRollout(client, id);
    if (call.json || !watched) print(call, rollout, () => describe(rollout));
    return exitCodeOf(rollout);
  } catch (error) {
    if (call.io.interrupted.aborted) return EXIT.interrupted;
    throw error;
  }
}

export const rolloutStatus: Command = {
  words: ['rollout', 'status'],
  about: 'show a rollout: intended and observed traffic, requests, errors, verdicts',
  remote: true,
  args: [{ name: 'ID', about: 'the id of a rollout, as `meshshift rollout list` shows it' }],
  options: { watch: { type: 'boolean', short: 'w', about: 'follow it to its end' } },
  details: 'Exit code 1 when the rollout was rolled back or failed, else 0; with --watch it is the outcome.',
  examples: ['meshshift rollout status svc1-0123456789abcdef-1 --watch'],
  run,
};
