import { cohortRouteName } from '../../src/canary/cohort.ts';
import { targetsOf } from '../../src/canary/weights.ts';
import type { Telemetry } from '../../src/controlplane/telemetry/telemetry.ts';
import type { Timers } from '../../src/local/timers.ts';
import type { MeshClient } from '../../src/mesh/client.ts';
import { route } from './route.ts';

export const TICK_MS = 1000;
const REQUESTS_A_TICK = 400;

/** Requests by the weights of the route and of its cohort, reported each second. */
export interface Traffic {
  /** Share of bad answers by virtual node. */
  readonly errorRates: Map<string, number>;
  flows: boolean;
}

export async function startTraffic(mesh: MeshClient, telemetry: Telemetry, timers: Timers): Promise<Traffic> {
  const traffic: Traffic = { errorRates: new Map(), flows: true };
  const specs = async () => {
    const routes = await Promise.all(['r', cohortRouteName('r')].map((routeName) => mesh.describe({ ...route, input: { ...route.input, routeName } })));
    return routes.flatMap((found) => (found === undefined ? [] : [found.spec]));
  };
  const tick = async (): Promise<void> => {
    timers.after(TICK_MS, () => void tick());
    const counts = (traffic.flows ? (await specs()).flatMap(targetsOf) : []).map(({ virtualNode = '', weight = 0 }) => {
      const requests = (REQUESTS_A_TICK * weight) / 100;
      const errors = Math.round(requests * (traffic.errorRates.get(virtualNode) ?? 0));
      return { virtualNode, ok: requests - errors, errors };
    });
    telemetry.report('m', counts.filter(({ ok, errors }) => ok + errors > 0));
  };
  await tick();
  return traffic;
}
