import type { Log } from '../../../contracts/log.ts';
import type { MeshChange } from '../../model/resources.ts';

/** Who is told of changes. */
export interface Announcements {
  /** Gives how to stop. */
  readonly onChange: (listener: (change: MeshChange) => void) => () => void;
  /** Tells everybody; one that throws keeps nothing from the others. */
  readonly tell: (change: MeshChange) => void;
}

export function createAnnouncements(log: Log): Announcements {
  const listeners = new Set<(change: MeshChange) => void>();
  return {
    onChange: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    tell: (change) => {
      for (const listener of listeners) {
        try {
          listener(change);
        } catch (error) {
          log('error', 'a listener to mesh changes threw', { ...change, error: String(error) });
        }
      }
    },
  };
}
