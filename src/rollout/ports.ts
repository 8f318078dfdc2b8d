import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Log } from '../contracts/log.ts';
import type { RolloutEventDetail, RolloutEventType } from '../contracts/events.ts';
import type { MeshClient } from '../mesh/client.ts';
import type { Wait } from '../mesh/propagation.ts';
import type { AlarmBoard } from '../metrics/alarms.ts';
import type { MetricSources } from '../metrics/port.ts';
import type { DocumentStore } from '../store/port.ts';
import type { WorkloadDrivers } from '../workloads/port.ts';
import type { CallHook } from './raise/call-hook.ts';
import type { ImageRegistry } from './images/port.ts';
import type { Links } from './links/links.ts';
import type { Schedules } from './schedules/schedules.ts';
import type { BakeWatch } from './watch/bake-watch.ts';
import type { TokenCipher } from './bake/token-cipher.ts';

/** Puts an event on the bus. A bus that fails does not fail the rollout. */
export type Publish = (type: RolloutEventType, detail: RolloutEventDetail) => Promise<void>;

/** Everything outside that a rollout's steps use. */
export interface Ports {
  readonly store: DocumentStore;
  readonly mesh: MeshClient;
  readonly metrics: MetricSources;
  readonly alarms: AlarmBoard;
  readonly images: ImageRegistry;
  readonly schedules: Schedules;
  readonly bakeWatch: BakeWatch;
  readonly workloads: WorkloadDrivers;
  readonly publish: Publish;
  readonly callHook: CallHook;
  readonly stepFunctions: SFNClient;
  readonly canaryStateMachineArn: string;
  readonly cipher: TokenCipher;
  /** Undefined where links in messages are off. */
  readonly links?: Links | undefined;
  readonly clock: () => number;
  readonly wait: Wait;
  readonly log: Log;
}
