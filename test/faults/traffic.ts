import { targetsOf } from '../../src/canary/weights.ts';
import { LATENCY_BOUNDS_MS } from '../../src/contracts/latency.ts';
import { identify } from '../../src/contracts/mesh-file.ts';
import type { Telemetry } from '../../src/controlplane/telemetry/telemetry.ts';
import type { Timers } from '../../src/local/timers.ts';
import type { MeshClient } from '../../src/mesh/client.ts';
import { route } from './route.ts';

export const TICK_MS = 1000;
const REQUESTS_A_TICK = 400;
/** Places of 20 ms and of 500 ms among the bounds of latencies. */
const [FAST, SLOW] = [slowFrom(20), slowFrom(500)];

function slowFrom(ms: number): number {
  return LATENCY_BOUNDS_MS.indexOf(ms) + 1;
}

/** What one virtual node had within a tick. */
export interface Tick {
  readonly at: number;
  readonly virtualNode: string;
  readonly requests: number;
  readonly errors: number;
  readonly slow: number;
}

/** Requests by the weights of each route, that of a cohort too, reported each second. */
export interface Traffic {
  /** Share of bad answers by virtual node. */
  readonly errorRates: Map<string, number>;
  /** Share of answers that take half a second by virtual node; the others take 20 ms. */
  readonly slowRates: Map<string, number>;
  /** Requests a tick. */
  volume: number;
  flows: boolean;
  /** Virtual nodes that get no request whatever their weight is. */
  readonly starved: Set<string>;
  /** Whether proxies tell how long requests took. */
  tellsLatency: boolean;
  readonly history: Tick[];
}

function latencyOf(fast: number, slow: number): number[] {
  const counts = Array<number>(SLOW + 1).fill(0);
  counts[FAST] = fast;
  counts[SLOW] = slow;
  return counts;
}

const ROUTES = identify({ ...route, input: { ...route.input, routeName: '' } });

export async function startTraffic(mesh: MeshClient & { names(): string[] }, telemetry: Telemetry, timers: Timers): Promise<Traffic> {
  const traffic: Traffic = { errorRates: new Map(), slowRates: new Map(), volume: REQUESTS_A_TICK, flows: true, starved: new Set(), tellsLatency: false, history: [] };
  /** What does not make a whole request waits for the next tick. */
  const rest = new Map<string, number>();
  const whole = (key: string, exact: number): number => {
    const sum = exact + (rest.get(key) ?? 0);
    rest.set(key, sum - Math.floor(sum + 1e-9));
    return Math.floor(sum + 1e-9);
  };
  const specs = async () => {
    const names = mesh.names().flatMap((name) => (name.startsWith(ROUTES) ? name.slice(ROUTES.length) : []));
    const routes = await Promise.all(names.map((routeName) => mesh.describe({ ...route, input: { ...route.input, routeName } })));
    return routes.flatMap((found) => (found === undefined ? [] : [found.spec]));
  };
  const tick = async (): Promise<void> => {
    timers.after(TICK_MS, () => void tick());
    const counts = (traffic.flows ? (await specs()).flatMap(targetsOf) : []).map(({ virtualNode = '', weight = 0 }) => {
      const requests = traffic.starved.has(virtualNode) ? 0 : whole(virtualNode, (traffic.volume * weight) / 100);
      const errors = Math.min(requests, whole(`${virtualNode} errors`, requests * (traffic.errorRates.get(virtualNode) ?? 0)));
      const slow = Math.min(requests, whole(`${virtualNode} slow`, requests * (traffic.slowRates.get(virtualNode) ?? 0)));
      return { virtualNode, ok: requests - errors, errors, slow, requests };
    });
    const told = counts.filter(({ requests }) => requests > 0);
    traffic.history.push(...told.map(({ virtualNode, requests, errors, slow }) => ({ at: timers.now(), virtualNode, requests, errors, slow })));
    telemetry.report('m', told.map(({ virtualNode, ok, errors }) => ({ virtualNode, ok, errors })));
    if (traffic.tellsLatency) telemetry.reportLatency('m', told.map(({ virtualNode, requests, slow }) => ({ virtualNode, latency: latencyOf(requests - slow, slow), sumMs: 0 })));
  };
  await tick();
  return traffic;
}
