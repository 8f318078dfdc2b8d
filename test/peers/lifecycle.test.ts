import { readFileSync } from 'node:fs';
import { root } from '../cli/run-cli.ts';

/**
 * What other tools of progressive delivery lack, get wrong, or are asked for, as far as it is about the life of a rollout, and the test that holds
 * meshshift to better: its file, and its title or a part of it. FL: fluxcd/flagger, AR: argoproj/argo-rollouts, ECS: Amazon ECS and CodeDeploy with
 * aws/containers-roadmap, REF: blogs/ecs-canary-deployments-pipeline of aws-app-mesh-examples; numbers are those of issues.
 */
const LINES: Readonly<Record<string, readonly (readonly [peer: string, line: string, file: string, title: string])[]>> = {
  steps: [
    ['FL', 'one interval for all steps (1618), no list for the promotion (1542)', 'canary/definition', 'each may have a bake, an analysis, an approval and a window of its own'],
    ['FL, AR, ECS', 'no generator of exponential steps; REF: linear steps only', 'canary/definition', '{ exponential: { start: 1, factor: 1.5 } }'],
    ['AR', 'the step that one is at is told nowhere (2906); no plan or simulation of a rollout', 'handlers/gates', 'tells steps, times and cost, and nothing is started'],
    ['ECS', 'no pause for a person at each step of traffic (229)', 'handlers/gates', 'for two people: each counts once, and the weight rises when the second approves'],
    ['FL', 'the same metrics at every step', 'canary/definition', 'each may have a bake, an analysis, an approval and a window of its own'],
    ['FL', 'no bake at 100 %; REF: the old version is deleted at once', 'handlers/alarms', 'rolls back after the promotion too, while that bakes'],
    ['ECS', 'CloudFormation ends rollouts of more than 33 hours', 'canary/model', 'a rollout of a week stays far below the 25,000 events of a history'],
    ['AR', 'a pause of a step has no end but a person or its time; FL: by a webhook that fails', 'handlers/actions', '%s in %s: %s'],
  ],
  gates: [
    ['FL', 'a gate never times out (738)', 'handlers/gates', 'for an approval that nobody gives ends by rolling back, and says so'],
    ['FL, AR', 'no approval by a link in a chat (FL 1344)', 'handlers/links', 'a link in a chat approves, in the name that its page asks for'],
    ['FL', 'a failing confirm-traffic-increase begins anew at each tick (1248)', 'handlers/gates', 'one that cannot be asked, or says not yet, holds; the deadline ends it'],
    ['FL, AR', 'who approved is not kept', 'handlers/gates', 'is approved by who %s, whatever its body says'],
    ['FL, AR', 'before the rollout, its traffic, its promotion', 'handlers/gates', 'are asked before, at each step and after, and their yes leads on'],
    ['AR', 'no windows (openkruise 74, kargo 1328); people go home in a pause of 12 hours (2906)', 'handlers/gates', 'for a window: neither an advance nor a promotion by hand passes it, and an abort need not wait'],
    ['FL, AR, ECS', 'no freeze of everything', 'handlers/gates', 'for a freeze: it goes on as soon as the freeze is lifted; falling does not wait'],
    ['AR', 'the dashboard asks nobody who they are (1323)', 'infra/package', 'answers no request of the rollouts API but of a caller who is known'],
    ['ECS', 'hooks are called once (229)', 'handlers/gates', 'one that cannot be asked, or says not yet, holds; the deadline ends it'],
  ],
  rollback: [
    ['FL, AR, ECS', 'no sooner than the next tick, measurement or alarm', 'handlers/rollout', 'in the middle of a bake, as the watch sees it'],
    ['AR', 'stuck for ever when the new version does not come up; abort and deadline do nothing (4128)', 'handlers/workloads', 'is given up while it is waited for when a person aborts'],
    ['FL', 'the deadline is not kept (523, 1247, 1578)', 'handlers/rollout', 'no traffic holds, longer each time, and ends at the deadline by rolling back'],
    ['AR', 'traffic falls at once on a stable side that was scaled down (3888); FL: the same on a restart (635)', 'handlers/gates', 'a gradual roll-back comes down step by step'],
    ['FL', 'none after the promotion but by a whole analysis (453, 616)', 'handlers/gates', 'brings the version before back, once, and only while it is retained'],
    ['FL', 'retrying needs an annotation edited (862, 1152); AR: holes in the table of retry, abort and a new revision (841, 2048, 3082, 2929)', 'handlers/actions', '%s in %s: %s'],
    ['FL', 'wedged in Failed, and no later version is released', 'handlers/gates', 'does not keep a fix from being released: it is rolled back for it'],
    ['FL', 'a promotion that fails drops the only healthy copy (1931)', 'handlers/routes', 'has only its weights changed at each step, and leads to the new version alone in the end'],
    ['AR', 'routes by header are left behind (2526)', 'handlers/gates', 'is gone after a roll-back'],
    ['SAM', 'an inconsistent state is left (291)', 'crash/crash', 'killed after any of its commits, %s ends as it would have, with the route to the byte'],
  ],
  concurrency: [
    ['FL', 'no queue, just restarts (784, 30)', 'handlers/gates', 'queue: it waits for the end, without trying again and again'],
    ['AR', 'no choice what becomes of a new version', 'handlers/rollout', 'reject: the second is refused, and the first goes on'],
    ['AR', 'a bad stable keeps a good version from being released (1774, 995, 3110)', 'canary/judge', 'of a stable that is itself bad does not block a good version'],
    ['ECS', 'an alarm of the version that serves blocks its fix', 'handlers/alarms', 'never keeps a fix from being released: a person who advances has seen it'],
    ['FL', '"bad things will happen" where two canaries have one target', 'canary/model', 'has one holder among many that come at once, and a number that only rises'],
    ['AR', 'analyses are made in a loop (1107, 3264); a thousand reconciliations a minute (2982)', 'handlers/rollout', 'that comes again starts nothing, while it runs and after it'],
  ],
  groups: [
    ['AR', 'rollouts of several services or zones do not go up together (2088, 4778)', 'rollout/lockstep', 'go up step by step together, the quick ones at the moment that the slowest has passed'],
    ['AR', 'nor go back together (4778)', 'rollout/lockstep', 'that turns bad takes all back at once, each saying which it was and why'],
    ['AR', 'no promotion and no abort of a group (4778)', 'rollout/lockstep', 'aborts all that is under way'],
  ],
  drift: [
    ['ECS', 'weights are shifted without a look at the live ones (2853)', 'handlers/rollout', 'weights that someone else changed are put right, and told'],
    ['ECS', 'infrastructure as code takes the weights back (terraform-aws-alb 409, cdk-real-drift 1730)', 'handlers/rollout', 'provisioning leaves the weights alone, and refuses to change a route that is held'],
    ['FL, AR', 'detectors of drift restart a canary for ever (1407, 1504)', 'handlers/gates', 'halts where asked, until a person has seen it'],
    ['all', 'what is beyond weights is put back by nobody, or at once', 'canary/interleavings', '%s: heal goes on, and a roll-back restores the route whole'],
  ],
  "faults of AWS's own reference": [
    ['REF 2', 'the route is written anew with the prefix "/": headers, paths and priorities are lost', 'handlers/routes', 'has only its weights changed at each step, and leads to the new version alone in the end'],
    ['REF 3', 'a roll-back of a TCP route gives everything to the bad version', 'handlers/routes', 'is to the byte what it was, and leads to the version before, when it is rolled back'],
    ['REF 4', 'a failed update goes on to a state that fails, and nothing rolls back', 'faults/faults', 'once: every rollout ends as without it'],
    ['REF 5', 'two names of errors are caught, all others not', 'handlers/state-machines', 'a bake is never begun again by its time-out, and whatever fails in the rollout leads to the roll-back'],
    ['REF 6', 'the old version is deleted at once', 'handlers/gates', 'brings the version before back, once, and only while it is retained'],
    ['REF 7', 'no lock, and a counter that races', 'canary/model', 'has one holder among many that come at once, and a number that only rises'],
    ['REF 8', 'linear steps; no approvals, windows, abort, API, notifications', 'handlers/record', '%s: of the form that is published, with what, why and who'],
  ],
};

test.each(Object.entries(LINES).flatMap(([kind, lines]) => lines.map((line) => [kind, ...line] as const)))('%s: %s: %s', (_, __, ___, file, title) => {
  expect(readFileSync(`${root}test/${file}.test.ts`, 'utf8')).toContain(title);
});
