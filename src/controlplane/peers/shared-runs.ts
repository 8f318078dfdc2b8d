/** Runs that begin after they are asked for: whoever asks while one is under way shares the next one. One runs at a time for a key. */
export function createSharedRuns<K>(run: (key: K) => Promise<void>): (key: K) => Promise<void> {
  const running = new Map<K, Promise<void>>();
  const following = new Map<K, Promise<void>>();
  const start = (key: K): Promise<void> => {
    const started = run(key).finally(() => running.delete(key));
    running.set(key, started);
    return started;
  };
  const startAfter = async (key: K, current: Promise<void>): Promise<void> => {
    await current.catch(() => undefined);
    following.delete(key);
    return start(key);
  };
  return (key) => {
    const current = running.get(key);
    if (current === undefined) return start(key);
    const next = following.get(key) ?? startAfter(key, current);
    following.set(key, next);
    return next;
  };
}
