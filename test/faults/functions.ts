import { handle, type Handler } from '../../handlers/middleware/handle.ts';
import { lookOnce } from '../../src/rollout/watch/look-once.ts';
import { watchTick, alarmChange, executionStopped, imagePush } from '../../src/contracts/events.ts';
import { meshResource } from '../../src/contracts/mesh-file.ts';
import { awaitActive } from '../../src/mesh/await-active.ts';
import { noticeAlarm } from '../../src/rollout/triggers/alarm-raised.ts';
import { answerRequest, httpRequest } from '../../src/rollout/api/answer-request.ts';
import { openBake } from '../../src/rollout/steps/bake.ts';
import { begin, beginRollout } from '../../src/rollout/steps/begin.ts';
import { ensureCanary } from '../../src/rollout/steps/ensure-canary.ts';
import { rollBackStopped } from '../../src/rollout/triggers/execution-stopped.ts';
import { finishRollout } from '../../src/rollout/steps/finish-rollout.ts';
import { startForPush } from '../../src/rollout/triggers/image-pushed.ts';
import { bakeInput, finishInput, judgeInput, rollBackInput, rolloutId, stepInput } from '../../src/rollout/steps/inputs.ts';
import { judgeBake } from '../../src/rollout/steps/judge-bake.ts';
import type { Ports } from '../../src/rollout/ports.ts';
import { promote } from '../../src/rollout/steps/promote.ts';
import { enqueue, queueInput } from '../../src/rollout/steps/queue.ts';
import { rollBack } from '../../src/rollout/steps/roll-back.ts';
import { shiftToStep } from '../../src/rollout/steps/shift-traffic.ts';

/** The functions of a rollout, as handlers/ has them, each over ports of its own. */
export const openFunctions = (portsOf: (name: string) => Ports): Readonly<Record<string, Handler>> => {
  const over = <T>(name: string, make: (ports: Ports) => T): readonly [string, T] => [name, make(portsOf(name))];
  return Object.fromEntries([
    over('Plan', (ports) => handle(begin, (event) => beginRollout(ports, event))),
    over('Queue', (ports) => handle(queueInput, (event) => enqueue(ports, event))),
    over('EnsureCanary', (ports) => handle(rolloutId, ({ id }) => ensureCanary(ports, id))),
    over('AwaitActive', ({ mesh }) => handle(meshResource, (resource) => awaitActive(mesh, resource))),
    over('ShiftTraffic', (ports) => handle(stepInput, ({ id, step }) => shiftToStep(ports, id, step))),
    over('Bake', (ports) => handle(bakeInput, (event) => openBake(ports, event))),
    over('Judge', (ports) => handle(judgeInput, (event) => judgeBake(ports, event))),
    over('Promote', (ports) => handle(rolloutId, ({ id }) => promote(ports, id))),
    over('RollBack', (ports) => handle(rollBackInput, (event) => rollBack(ports, { ...event, gradual: true }))),
    over('Finish', (ports) => handle(finishInput, (event) => finishRollout(ports, event))),
    over('ImagePushed', (ports) => handle(imagePush, (event) => startForPush(ports, event))),
    over('Watch', (ports) => handle(watchTick, (event) => lookOnce(ports, event))),
    over('AlarmRaised', (ports) => handle(alarmChange, (event) => noticeAlarm(ports, event))),
    over('ExecutionStopped', (ports) => handle(executionStopped, (event) => rollBackStopped(ports, event))),
    over('RolloutsApi', (ports) => handle(httpRequest, (event) => answerRequest(ports, event))),
  ]);
};
