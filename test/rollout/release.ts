import type { Phase, Rollout, Verdict } from '../../src/contracts/rollout.ts';
import { showRollout } from '../../src/rollout/api/show.ts';
import { target } from '../faults/route.ts';
import { openFaultWorld, type FaultWorld, type WorldOptions } from '../faults/world.ts';

/** Something that happens once the rollout has come to a point. */
export interface Deed {
  readonly when: (world: FaultWorld) => boolean;
  readonly then: (world: FaultWorld) => unknown;
}

export interface Release {
  readonly analysis: object;
  /** Further fields of the definition: one step at half of the traffic, for ten minutes, if not given. */
  readonly fields?: object;
  /** Before the push. */
  readonly before?: (world: FaultWorld) => unknown;
  readonly deeds?: readonly Deed[];
  readonly watches?: WorldOptions['watches'];
}

export interface Released {
  readonly phase: Phase;
  readonly reason: string;
  readonly verdicts: readonly Verdict[];
  readonly rollout: Rollout;
  /** From the first bake to the end. */
  readonly seconds: number;
  readonly world: FaultWorld;
}

/** So long after the push, in seconds. */
export const after = (seconds: number) => (world: FaultWorld): boolean => {
  const record = world.record('v1');
  return record !== undefined && world.now() >= record.startedAt + seconds * 1000;
};

/** Runs a rollout of v1, on a clock of its own, to its end; by the state machine as it is deployed, with handlers and watch. */
export async function release({ analysis, fields = {}, before = () => undefined, deeds = [], watches }: Release): Promise<Released> {
  const world = await openFaultWorld((_, perform) => perform(), watches === undefined ? {} : { watches });
  try {
    const base = { name: 'd', image: { repository: 'd' }, target, canary: { virtualNode: 'n{{tag}}', hostname: 'n{{tag}}.local' }, steps: [50], bake: '10m', deadline: '2h' };
    await world.store.write([{ kind: 'put', pk: 'definition', sk: 'd', value: { ...base, analysis, ...fields } }]);
    await before(world);
    world.push('v1');
    const left = [...deeds];
    await world.pass(() => {
      if (left[0]?.when(world) === true) void world.track(Promise.resolve(left.shift()!.then(world)));
      return world.record('v1') !== undefined && world.isIdle();
    });
    const { id } = world.record('v1')!;
    const rollout = await showRollout({ store: world.store, clock: Date.now }, id);
    return { ...rollout, rollout, seconds: ((rollout.endedAt ?? 0) - rollout.startedAt) / 1000, world };
  } finally {
    await world.close();
  }
}
