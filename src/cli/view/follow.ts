import { setTimeout as delay } from 'node:timers/promises';
import { FINAL_PHASES, type Rollout } from '../../contracts/rollout.ts';
import { renderRollout } from './live.ts';
import { progressLines } from './progress.ts';
import { toRolloutView, type RolloutView } from './rollout-view.ts';
import type { Screen } from './screen.ts';

const POLL_MS = 150;

export interface FollowOptions {
  readonly read: () => Promise<Rollout>;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  /** More lines below the picture of a live screen. */
  readonly footer?: () => readonly string[];
}

function show(screen: Screen, before: RolloutView | undefined, after: RolloutView, footer: readonly string[]): void {
  if (screen.live) screen.draw([...renderRollout(after, screen.width, screen.paint), ...footer]);
  else screen.write(...progressLines(before, after));
}

/**
 * Shows a rollout until it has ended, and answers with its last record.
 * @throws AbortError when `signal` aborts
 */
export async function followRollout({ read, screen, signal, footer = () => [] }: FollowOptions): Promise<Rollout> {
  let before: RolloutView | undefined;
  try {
    for (;;) {
      const rollout = await read();
      const view = toRolloutView(rollout, Date.now());
      show(screen, before, view, footer());
      before = view;
      if (FINAL_PHASES.has(rollout.phase)) return rollout;
      await delay(POLL_MS, undefined, { signal });
    }
  } finally {
    screen.settle();
  }
}
