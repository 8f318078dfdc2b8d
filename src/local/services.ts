import { SFNClient } from '@aws-sdk/client-sfn';
import type { Log } from '../contracts/log.ts';
import { startControlPlane, type ControlPlane } from '../controlplane/index.ts';
import type { Quotas } from '../controlplane/api/rules/quotas.ts';
import type { Webhooks } from '../rollout/notify/webhooks.ts';
import { startWatch } from '../rollout/watch/start-watch.ts';
import { openLibsqlStore } from '../store/libsql.ts';
import { databasePath } from '../store/open.ts';
import { openLocalDatabase } from './database.ts';
import { readDeployment } from './deployment/read-deployment.ts';
import { applyDeployment } from './deployment/apply-deployment.ts';
import { openEventBus, type EventBus } from './events/event-bus.ts';
import { openEventsService } from './events/operations.ts';
import { putEvents } from './events/put-events.ts';
import { openDelivery } from './events/targets.ts';
import { openFunctions } from './lambda/functions.ts';
import type { LambdaHost } from './lambda/host.ts';
import type { InvokeLater } from './lambda/invoke-api.ts';
import type { AwsJsonService } from './server/aws-json.ts';
import { openHttpApi, type HttpApi } from './server/http-api.ts';
import { openSts, type Sts } from './server/sts.ts';
import { Engine, stepFunctionsService } from './stepfunctions/index.ts';
import { openRunners } from './stepfunctions/tasks/runners.ts';
import { openScheduler, openSchedulerApi, openTargets, targetServices, type SchedulerApi } from './scheduler/index.ts';
import { systemTimers } from './timers.ts';
import type { Exposure } from './exposure.ts';
import { openPolledHere, variablesOf, type MetricsSettings } from './metrics.ts';
import { openDataFolder } from './data-folder.ts';
import { openProcessWorkloads, type ProcessWorkloads } from './workloads/index.ts';

/** What one port of the local runtime serves. */
export interface Services {
  readonly controlPlane: ControlPlane;
  /** Services of the AWS JSON protocol. */
  readonly aws: readonly AwsJsonService[];
  readonly sts: Sts;
  readonly lambda: LambdaHost;
  readonly invokeLater: InvokeLater;
  readonly scheduler: SchedulerApi;
  readonly httpApi: HttpApi;
  readonly workloads?: ProcessWorkloads;
  close(): Promise<void>;
}

export interface ServicesOptions {
  /** Where the runtime itself is reached. */
  readonly url: string;
  /** Where proxies connect, on 127.0.0.1; 0 takes a free port. */
  readonly xdsPort: number;
  /** Everything the runtime remembers is here; started on it again, it goes on where it was. */
  readonly dataFolder: string;
  /** Path of serverless.yml. */
  readonly deploymentFile: string;
  /** The commands that `process` workloads may run; none without it. */
  readonly workloadsFile?: string;
  /** Webhooks' URLs by name; none without it. */
  readonly webhooks?: Webhooks;
  /** Where people reach this runtime, for links in messages; without it where it is reached on this machine. */
  readonly linksUrl?: string;
  /** Where metrics of the sources prometheus and cloudwatch are read; those of one that is not here cannot be. */
  readonly metrics?: MetricsSettings;
  /** How many there may be of what in a mesh; any number without them. */
  readonly quotas?: Quotas;
  /** A mapping of ACM's ARNs to PEM files; none without it. */
  readonly certificatesFile?: string;
  /** Where services of AWS are asked that this machine does not serve, by the SDK's variables: for the functions. */
  readonly endpoints?: Readonly<Record<string, string>>;
  /** A function's environment by its key, in place of what this machine gives: the functions then run as on AWS. */
  readonly asOnAws?: (key: string) => Readonly<Record<string, string>>;
  readonly log: Log;
  readonly region?: string;
  readonly reportIntervalMs?: number;
  /** Lets others than this machine reach the control plane (App Mesh's API, its extensions and xDS), and nothing else of it. */
  readonly exposure?: Exposure;
}

/** The account that everything on this machine belongs to. */
const ACCOUNT_ID = '000000000000';
/** Nobody checks them on loopback; an SDK client sends none without them. */
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

/** Notes how to close what was just opened, and hands it on. */
type Own = <T>(opened: T, close: (opened: T) => unknown) => T;

/** What was opened, to be closed in the opposite order. */
function openClosing(): { readonly own: Own; readonly closeAll: () => Promise<void> } {
  const closers: (() => unknown)[] = [];
  return {
    own: (opened, close) => {
      closers.push(() => close(opened));
      return opened;
    },
    closeAll: async () => {
      for (let close = closers.pop(); close !== undefined; close = closers.pop()) await close();
    },
  };
}

/**
 * Opens what stands in for AWS, with the control plane and the watch beside it, and goes on with what was under way when the last runtime ended.
 * What fails to open leaves nothing open.
 */
export async function openServices(options: ServicesOptions): Promise<Services> {
  const { own, closeAll } = openClosing();
  try {
    return await openAll(options, own, closeAll);
  } catch (error) {
    await closeAll();
    throw error;
  }
}

async function openAll(options: ServicesOptions, own: Own, close: () => Promise<void>): Promise<Services> {
  const { url, log, region = 'us-east-1', exposure } = options;
  const place = { region, accountId: ACCOUNT_ID };
  const deployment = readDeployment({ file: options.deploymentFile, ...place, params: { meshEndpoint: url } });
  const { path: dataFolder, tokenKey } = own(openDataFolder(options.dataFolder), (folder) => folder.release());
  const store = own(openLibsqlStore(databasePath(dataFolder)), (opened) => opened.close());
  const controlPlane = own(
    await startControlPlane({
      store,
      ...place,
      clock: Date.now,
      log,
      xds: { host: exposure?.host ?? '127.0.0.1', port: options.xdsPort, ...(exposure?.tls === undefined ? {} : { tls: exposure.tls }) },
      ...(exposure === undefined ? {} : { access: { grants: exposure.grants, openOnLoopback: true } }),
      ...(options.reportIntervalMs === undefined ? {} : { reportIntervalMs: options.reportIntervalMs }),
      ...(options.quotas === undefined ? {} : { quotas: options.quotas }),
      ...(options.certificatesFile === undefined ? {} : { certificatesFile: options.certificatesFile }),
    }),
    (opened) => opened.close(),
  );
  const lambda = own(openFunctions(deployment.functions, { url, region, dataFolder, tokenKey, credentials: CREDENTIALS, webhooks: options.webhooks ?? {}, linksUrl: options.linksUrl ?? url, endpoints: options.endpoints ?? {}, asOnAws: options.asOnAws, metrics: variablesOf(options.metrics), log }), ({ host }) => host.close());
  const database = own(openLocalDatabase(dataFolder), (opened) => opened.close());
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
  own(engine, (opened) => opened.close());
  const deliver = openDelivery(lambda.host, engine);
  const bus: EventBus = own(openEventBus({ ...shared, deliver }), (opened) => opened.close());
  const invokeLater: InvokeLater = (name, payload, retries) => bus.queue(lambda.host.arnOf(name), payload, retries);
  const scheduler = own(openScheduler({ ...shared, random: Math.random, deliver: openTargets(targetServices({ invokeLater, engine, bus, deliver }), log) }), (opened) => opened.close());
  await applyDeployment(deployment, engine, bus, scheduler, options.deploymentFile);

  const stepFunctions = own(new SFNClient({ endpoint: url, region, credentials: CREDENTIALS }), (client) => client.destroy());
  const openPolled = openPolledHere(options.metrics, { AWS_REGION: region, AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId, AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey });
  own(startWatch({ store, telemetry: controlPlane.telemetry, openPolled, stepFunctions, tokenKey, log, clock: Date.now }), (watch) => watch.close());
  const workloads =
    options.workloadsFile === undefined ? undefined : own(await openProcessWorkloads({ file: options.workloadsFile, dataFolder, controlPlaneUrl: url, log }), (opened) => opened.close());
  engine.recover();
  bus.recover();
  scheduler.recover();

  return {
    controlPlane,
    aws: [stepFunctionsService(engine), openEventsService(bus, place)],
    sts: openSts(ACCOUNT_ID),
    lambda: lambda.host,
    invokeLater,
    scheduler: openSchedulerApi(scheduler, log),
    httpApi: openHttpApi(deployment.functions, lambda.host, log),
    ...(workloads === undefined ? {} : { workloads }),
    close,
  };
}
