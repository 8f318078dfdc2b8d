import { SFNClient } from '@aws-sdk/client-sfn';
import type { Log } from '../contracts/log.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/index.ts';
import { startWatch } from '../rollout/watch/start-watch.ts';
import { openLibsqlStore } from '../store/libsql.ts';
import { databasePath } from '../store/open.ts';
import { openLocalDatabase } from './database.ts';
import { readDeployment } from './deployment/read-deployment.ts';
import { applyDeployment } from './deployment/apply-deployment.ts';
import { openEventBus, type EventBus } from './events/event-bus.ts';
import { openEventsService, putEvents } from './events/operations.ts';
import { openDelivery } from './events/targets.ts';
import { openFunctions } from './lambda/functions.ts';
import type { LambdaHost } from './lambda/host.ts';
import type { AwsJsonService } from './server/aws-json.ts';
import { openHttpApi, type HttpApi } from './server/http-api.ts';
import { Engine, stepFunctionsService } from './stepfunctions/index.ts';
import { openRunners } from './stepfunctions/tasks/runners.ts';
import { systemTimers } from './timers.ts';
import { openDataFolder } from './data-folder.ts';
import { openProcessWorkloads, type ProcessWorkloads } from './workloads/index.ts';

/** What one port of the local runtime serves. */
export interface Services {
  readonly controlPlane: ControlPlane;
  /** Services of the AWS JSON protocol. */
  readonly aws: readonly AwsJsonService[];
  readonly lambda: LambdaHost;
  readonly httpApi: HttpApi;
  readonly workloads?: ProcessWorkloads;
  close(): Promise<void>;
}

export interface ServicesOptions {
  /** Where the runtime itself is reached. */
  readonly url: string;
  readonly xdsPort: number;
  readonly dataFolder: string;
  readonly deploymentFile: string;
  readonly workloadsFile?: string;
  readonly log: Log;
  readonly region?: string;
  readonly reportIntervalMs?: number;
}

/** The account that everything on this machine belongs to. */
const ACCOUNT_ID = '000000000000';
/** Nobody checks them on loopback; an SDK client sends none without them. */
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Opens what stands in for AWS, with the control plane and the watch beside it, and goes on with what was under way when the last runtime ended. */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { url, log, region = 'us-east-1' } = options;
  const folder = openDataFolder(options.dataFolder);
  const { path: dataFolder, tokenKey } = folder;
  const place = { region, accountId: ACCOUNT_ID };
  const deployment = readDeployment({ file: options.deploymentFile, ...place, params: { meshEndpoint: url } });
  const lambda = openFunctions(deployment.functions, { url, region, dataFolder, tokenKey, credentials: CREDENTIALS, log });
  const store = openLibsqlStore(databasePath(dataFolder));
  const controlPlane = await startControlPlane({
    store,
    ...place,
    clock: Date.now,
    log,
    xds: { host: '127.0.0.1', port: options.xdsPort },
    ...(options.reportIntervalMs === undefined ? {} : { reportIntervalMs: options.reportIntervalMs }),
  });
  const database = openLocalDatabase(dataFolder);
  const shared = { database, ...place, timers: systemTimers, log };
  // Executions put events, and events start executions: each reaches the other once both are there.
  const engine: Engine = new Engine({
    ...shared,
    runners: openRunners({
      invoke: lambda.invokeTask,
      putEvents: (Entries) => putEvents(bus, { Entries }, false),
      engine: () => engine,
    }),
    onStatusChange: async (detail) => {
      await bus.accept([{ bus: 'default', source: 'aws.states', detailType: 'Step Functions Execution Status Change', detail, resources: [String(detail['executionArn'])] }]);
    },
  });
  const bus: EventBus = openEventBus({ ...shared, deliver: openDelivery(lambda.host, engine) });
  await applyDeployment(deployment, engine, bus);

  const stepFunctions = new SFNClient({ endpoint: url, region, credentials: CREDENTIALS });
  const watch = startWatch({ store, telemetry: controlPlane.telemetry, stepFunctions, tokenKey, log, clock: Date.now });
  const workloads = options.workloadsFile === undefined ? undefined : await openProcessWorkloads({ file: options.workloadsFile, dataFolder, controlPlaneUrl: url, log });
  engine.recover();
  bus.recover();

  return {
    controlPlane,
    aws: [stepFunctionsService(engine), openEventsService(bus, place)],
    lambda: lambda.host,
    httpApi: openHttpApi(deployment.functions, lambda.host),
    ...(workloads === undefined ? {} : { workloads }),
    close: async () => {
      await watch.close();
      stepFunctions.destroy();
      await workloads?.close();
      bus.close();
      await engine.close();
      await lambda.host.close();
      await controlPlane.close();
      await database.close();
      await store.close();
      folder.release();
    },
  };
}
