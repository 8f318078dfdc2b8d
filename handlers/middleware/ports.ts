import { setTimeout as wait } from 'node:timers/promises';
import { CloudWatchClient } from '@aws-sdk/client-cloudwatch';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { SFNClient } from '@aws-sdk/client-sfn';
import { openCloudWatchAlarms } from '../../src/metrics/alarms.ts';
import { openMeshMetrics } from '../../src/metrics/mesh.ts';
import type { Ports } from '../../src/rollout/ports.ts';
import { openHookCaller } from '../../src/rollout/call-hook.ts';
import { openPublisher } from '../../src/rollout/publish.ts';
import { openRecordedAlarms } from '../../src/rollout/recorded-alarms.ts';
import { openTokenCipher } from '../../src/rollout/token-cipher.ts';
import { noWorkloads } from '../../src/workloads/none.ts';
import { openProcessWorkloads } from '../../src/workloads/process.ts';
import { keep, meshOf, require, storeOf } from './environment.ts';
import { logLine } from './handle.ts';

const NAMES = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_APP_MESH', 'AWS_REGION', 'MESHSHIFT_DATA', 'MESHSHIFT_TABLE', 'MESHSHIFT_EVENT_BUS', 'MESHSHIFT_CANARY_STATE_MACHINE_ARN', 'MESHSHIFT_TOKEN_KEY'];

const REQUESTS = { maxAttempts: 3, requestHandler: { requestTimeout: 5000, connectionTimeout: 1500 } };

/** A hook has less time than the function that waits for its answer. */
const HOOKS = { maxAttempts: 1, requestHandler: { requestTimeout: 20_000, connectionTimeout: 1500 } };

/** Everything outside that a rollout uses, from the function's environment. */
export const portsOf: () => Promise<Ports> = keep(NAMES, async (env): Promise<Ports> => {
  const mesh = meshOf();
  const store = await storeOf();
  return {
    store,
    mesh,
    metrics: openMeshMetrics(mesh.url),
    // Without AWS there is no CloudWatch: what events tell is what is known.
    alarms: env['MESHSHIFT_DATA'] === undefined ? openCloudWatchAlarms(new CloudWatchClient(REQUESTS)) : openRecordedAlarms(store),
    workloads: { none: noWorkloads, process: openProcessWorkloads(mesh.url) },
    publish: openPublisher(new EventBridgeClient(REQUESTS), env['MESHSHIFT_EVENT_BUS'] ?? 'default', logLine),
    callHook: openHookCaller(new LambdaClient(HOOKS)),
    stepFunctions: new SFNClient(REQUESTS),
    canaryStateMachineArn: require(env, 'MESHSHIFT_CANARY_STATE_MACHINE_ARN'),
    cipher: openTokenCipher(env['MESHSHIFT_TOKEN_KEY']),
    clock: Date.now,
    wait: (ms) => wait(ms),
    log: logLine,
  };
});
