import { finish } from './finish.ts';
import type { Ports } from './ports.ts';
import { giveUp } from './roll-back.ts';

/** Ends a rollout: promoted, or, where `failed` says why, given up with its roll-back undone. */
export const finishRollout = (ports: Ports, { id, failed }: { readonly id: string; readonly failed?: string | undefined }): Promise<{ phase: string }> =>
  failed === undefined ? finish(ports, id) : giveUp(ports, id, failed);
