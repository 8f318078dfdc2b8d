import type { Log } from '../../contracts/log.ts';
import type { SharedMeshes } from '../api/state/mesh-store.ts';
import type { EndpointRegistry } from '../endpoints/endpoint-registry.ts';
import type { After } from '../timers.ts';
import { ENDPOINTS_TOPIC, type ChangeLog } from './change-log.ts';

export interface FollowOptions {
  readonly changes: ChangeLog;
  readonly meshes: SharedMeshes;
  readonly endpoints: Pick<EndpointRegistry, 'reload'>;
  /** Between two looks, milliseconds. */
  readonly everyMs: number;
  readonly after: After;
  readonly log: Log;
}

/** Takes over what other control planes change, soon after they do; gives how to stop. A look that fails is made again. */
export function followChanges({ changes, meshes, endpoints, everyMs, after, log }: FollowOptions): () => void {
  let seen: number | undefined;
  let stopped = false;
  let cancel: (() => void) | undefined;

  const look = async (): Promise<void> => {
    const heads = await changes.heads();
    await meshes.catchUpWith(heads);
    const head = heads.get(ENDPOINTS_TOPIC) ?? 0;
    if (head === seen) return;
    await endpoints.reload();
    seen = head;
  };
  const next = (): void => {
    if (stopped) return;
    cancel = after(everyMs, () => {
      look()
        .catch((error: unknown) => log('warn', "others' changes could not be read", { error: String(error) }))
        .finally(next);
    });
  };
  next();
  return () => {
    stopped = true;
    cancel?.();
  };
}
