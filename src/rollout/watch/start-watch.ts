import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Log } from '../../contracts/log.ts';
import type { TelemetryReader } from '../../controlplane/model/counts.ts';
import type { OpenPolled } from '../../metrics/sources.ts';
import type { DocumentStore } from '../../store/port.ts';
import { openTokenCipher } from '../bake/token-cipher.ts';
import { createLook } from './look.ts';
import { createPoller } from './poller.ts';

export interface WatchOptions {
  readonly store: DocumentStore;
  readonly telemetry: TelemetryReader;
  /** How metrics that have queries are polled; without it only those of the mesh are judged here. */
  readonly openPolled?: OpenPolled;
  readonly stepFunctions: SFNClient;
  /** 32 bytes, or base64 of them; what the handlers have as MESHSHIFT_TOKEN_KEY. Empty: tokens are stored as they are. */
  readonly tokenKey: Uint8Array | string;
  /** At least so long, in milliseconds, the store is left alone while no verdict is decisive: for one that is paid by the request. Default 0: each look reads and writes it. */
  readonly storeEveryMs?: number;
  readonly log: Log;
  readonly clock: () => number;
}

export interface Watch {
  /** Answers when the look under way is over. */
  close(): Promise<void>;
}

/**
 * Starts the continuous judge: each time an interval of the mesh's telemetry closed, every open bake is judged, and ended at once when its verdict is decisive.
 * All it knows is in the store: it may be stopped and started at any time. Looks never overlap; an interval that closes during one is seen by the next.
 */
export function startWatch({ store, telemetry, openPolled, stepFunctions, tokenKey, storeEveryMs = 0, log, clock }: WatchOptions): Watch {
  const poller = createPoller(openPolled, clock);
  const look = createLook({ store, telemetry, poller, stepFunctions, cipher: openTokenCipher(tokenKey), storeEveryMs, log, clock });
  const state: { running: Promise<void> | undefined; asked: boolean } = { running: undefined, asked: false };

  const run = async (): Promise<void> => {
    while (state.asked) {
      state.asked = false;
      await look().catch((error: unknown) => {
        log('error', 'watch failed', { error: String(error) });
      });
    }
    state.running = undefined;
  };
  const stop = telemetry.onInterval(() => {
    state.asked = true;
    state.running ??= run();
  });

  return {
    close: async () => {
      stop();
      state.asked = false;
      poller.close();
      await state.running;
    },
  };
}
