import type { Rollout } from '../../contracts/rollout.ts';
import { kindOf, type Provisioned } from '../provision.ts';
import type { Totals } from './caller.ts';

/** One rollout of the demo. Weights and shares in percent; requests and errors as the caller counted them. */
export interface RolloutResult {
  readonly id: string;
  readonly outcome: string;
  readonly steps: readonly { readonly weight: number; readonly observed: number | null }[];
  readonly requests: number;
  readonly errors: number;
  /** From the caller's first bad answer by the canary to its last request that the canary served. */
  readonly rollbackMs?: number;
}

/** What `--json` prints. */
export interface DemoResult {
  readonly provisioned: readonly string[];
  readonly rollouts: readonly RolloutResult[];
  readonly dataPlane: 'envoy' | 'grpc';
}

/** What a release came to: the control plane's record and what its caller saw meanwhile. */
export interface Release {
  readonly rollout: Rollout;
  readonly seen: Totals;
}

/** `virtualNode pgMesh/svcNode1` */
const identifyResource = (resource: Provisioned): string => `${kindOf(resource)} ${resource.name}`;

const round = (value: number, digits: number): number => Number(value.toFixed(digits));

/** The steps that were reached, with the share that the mesh's load reports show for each. */
const reachedSteps = ({ steps, step, measurements }: Rollout): RolloutResult['steps'] =>
  steps.slice(0, step + 1).map(({ weight }, index) => {
    const share = measurements.find((entry) => entry.step === index)?.observedShare ?? null;
    return { weight, observed: share === null ? null : round(share, 2) };
  });

export function rollbackMs({ rollout, seen }: Release): number | undefined {
  const canary = seen.versions[rollout.image.tag];
  return canary?.firstErrorAt == null ? undefined : round(canary.lastSentAt - canary.firstErrorAt, 1);
}

export function toRolloutResult(release: Release): RolloutResult {
  const { rollout, seen } = release;
  const ms = rollout.phase === 'RolledBack' ? rollbackMs(release) : undefined;
  return {
    id: rollout.id,
    outcome: rollout.phase,
    steps: reachedSteps(rollout),
    requests: seen.requests,
    errors: seen.errors,
    ...(ms === undefined ? {} : { rollbackMs: ms }),
  };
}

export const toDemoResult = (provisioned: readonly Provisioned[], releases: readonly Release[], dataPlane: 'envoy' | 'grpc'): DemoResult => ({
  provisioned: provisioned.map(identifyResource),
  rollouts: releases.map(toRolloutResult),
  dataPlane,
});
