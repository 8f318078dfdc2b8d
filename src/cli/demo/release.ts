import { setTimeout as delay } from 'node:timers/promises';
import { pushEvent, putEvent } from '../push.ts';
import { listRollouts, readRollout } from '../rollouts-api.ts';
import type { Client } from '../client.ts';
import { followRollout } from '../view/follow.ts';
import type { Screen } from '../view/screen.ts';
import { count, percent } from '../view/words.ts';
import type { Caller, Report } from './caller.ts';
import type { Release } from './result.ts';

const POLL_MS = 50;

export interface ReleaseOptions {
  readonly client: Client;
  readonly caller: Caller;
  readonly screen: Screen;
  readonly signal: AbortSignal;
  readonly tag: string;
}

/** The rollout that an image push started. */
async function awaitRollout({ client, tag, signal }: ReleaseOptions): Promise<string> {
  for (;;) {
    const found = (await listRollouts(client)).find(({ image }) => image.tag === tag);
    if (found !== undefined) return found.id;
    await delay(POLL_MS, undefined, { signal });
  }
}

/** What the caller sees now, from its own counts. */
export function describeCalls(latest: Report | undefined): string {
  if (latest === undefined || latest.requests === 0) return '  the caller sees nothing yet';
  const shares = Object.entries(latest.versions)
    .sort(([a], [b]) => a.localeCompare(b))
    .map(([version, { requests }]) => `${version} ${percent((100 * requests) / latest.requests, 0)}`);
  return `  the caller sees: ${shares.join(', ')}${latest.errors === 0 ? '' : `; ${count(latest.errors)} of the last ${count(latest.requests)} requests failed`}`;
}

/** Pushes an image and shows its rollout to the end; answers with the record and what the caller saw meanwhile. */
export async function release(options: ReleaseOptions): Promise<Release> {
  const { client, caller, screen, signal, tag } = options;
  caller.mark();
  await putEvent(await client.events(), pushEvent({ repository: 'svc1', tag }));
  const id = await awaitRollout(options);
  const rollout = await followRollout({ read: () => readRollout(client, id), screen, signal, footer: () => [screen.paint('dim', describeCalls(caller.latest))] });
  // The report under way when it ended, and one after it: then nothing of it is missing.
  await caller.until(() => true, signal);
  await caller.until(() => true, signal);
  return { rollout, seen: caller.totals };
}
