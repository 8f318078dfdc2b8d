import { finish } from './finish.ts';
import type { Ports } from '../ports.ts';
import { giveUp } from './roll-back.ts';

export interface Finishing {
  readonly id: string;
  readonly failed?: { readonly error: string; readonly reason: string } | undefined;
}

/** Ends a rollout: promoted, or, where `failed` says why, given up with its roll-back undone. */
export const finishRollout = (ports: Ports, { id, failed }: Finishing): Promise<{ phase: string; reason: string }> =>
  failed === undefined ? finish(ports, id) : giveUp(ports, id, `${failed.error}: ${failed.reason}`);
