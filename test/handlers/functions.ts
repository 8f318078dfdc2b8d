import type { Handler } from '../../handlers/middleware/handle.ts';
import { handler as bake } from '../../handlers/canary/bake.ts';
import { handler as ensureCanary } from '../../handlers/canary/ensure-canary.ts';
import { handler as finish } from '../../handlers/canary/finish.ts';
import { handler as judge } from '../../handlers/canary/judge.ts';
import { handler as plan } from '../../handlers/canary/plan.ts';
import { handler as promote } from '../../handlers/canary/promote.ts';
import { handler as queue } from '../../handlers/canary/queue.ts';
import { handler as rollBack } from '../../handlers/canary/roll-back.ts';
import { handler as shiftTraffic } from '../../handlers/canary/shift-traffic.ts';
import { handler as removal } from '../../handlers/deployment/removal.ts';
import { handler as awaitActive } from '../../handlers/mesh/await-active.ts';
import { handler as remove } from '../../handlers/mesh/delete.ts';
import { handler as ensureGatewayRoute } from '../../handlers/mesh/ensure-gateway-route.ts';
import { handler as ensureMesh } from '../../handlers/mesh/ensure-mesh.ts';
import { handler as ensureRoute } from '../../handlers/mesh/ensure-route.ts';
import { handler as ensureVirtualGateway } from '../../handlers/mesh/ensure-virtual-gateway.ts';
import { handler as ensureVirtualNode } from '../../handlers/mesh/ensure-virtual-node.ts';
import { handler as ensureVirtualRouter } from '../../handlers/mesh/ensure-virtual-router.ts';
import { handler as ensureVirtualService } from '../../handlers/mesh/ensure-virtual-service.ts';
import { handler as review } from '../../handlers/mesh/review.ts';
import { handler as alarmRaised } from '../../handlers/triggers/alarm-raised.ts';
import { handler as deploymentChanged } from '../../handlers/triggers/deployment-changed.ts';
import { handler as executionStopped } from '../../handlers/triggers/execution-stopped.ts';
import { handler as imagePushed } from '../../handlers/triggers/image-pushed.ts';
import { handler as notify } from '../../handlers/triggers/notify.ts';
import { handler as watch } from '../../handlers/triggers/watch.ts';
import { handler as scheduleFired } from '../../handlers/triggers/schedule-fired.ts';
import { handler as rolloutsApi } from '../../handlers/api/rollouts.ts';

/** Every handler by the name its ARN is substituted for in the state machines. */
export const functions: Readonly<Record<string, Handler>> = {
  Bake: bake,
  EnsureCanary: ensureCanary,
  Finish: finish,
  Judge: judge,
  Plan: plan,
  Promote: promote,
  Queue: queue,
  RollBack: rollBack,
  ShiftTraffic: shiftTraffic,
  AwaitActive: awaitActive,
  Delete: remove,
  EnsureGatewayRoute: ensureGatewayRoute,
  EnsureMesh: ensureMesh,
  EnsureRoute: ensureRoute,
  EnsureVirtualGateway: ensureVirtualGateway,
  EnsureVirtualNode: ensureVirtualNode,
  EnsureVirtualRouter: ensureVirtualRouter,
  EnsureVirtualService: ensureVirtualService,
  Review: review,
  AlarmRaised: alarmRaised,
  DeploymentChanged: deploymentChanged,
  ExecutionStopped: executionStopped,
  ImagePushed: imagePushed,
  Notify: notify,
  ScheduleFired: scheduleFired,
  Watch: watch,
  Removal: removal,
  RolloutsApi: rolloutsApi,
};
