import { randomUUID } from 'node:crypto';
import type { Log } from '../../contracts/log.ts';
import type { DeployedFunction } from '../deployment/types.ts';
import type { Json } from '../json.ts';
import { AwsError } from '../server/aws-json.ts';
import type { Invocation } from '../stepfunctions/tasks/runners.ts';
import { systemTimers } from '../timers.ts';
import { FunctionNotFound, openLambdaHost, type LambdaHost } from './host.ts';

export interface FunctionsOptions {
  readonly url: string;
  readonly region: string;
  readonly dataFolder: string;
  readonly tokenKey: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** URLs by name, for the function that tells people, and no other. */
  readonly webhooks: Readonly<Record<string, string>>;
  /** Where people reach the rollouts API, for links in messages. */
  readonly linksUrl: string;
  /** Where services of AWS are asked that this machine does not serve, by the SDK's variables. */
  readonly endpoints: Readonly<Record<string, string>>;
  /** Where metrics that have queries are read, as variables, for the functions that read them. */
  readonly metrics: Readonly<Record<string, string>>;
  /** A function's environment beside its deployed one, by its key, in place of what this machine gives: the functions then run as on AWS. */
  readonly asOnAws?: ((key: string) => Readonly<Record<string, string>>) | undefined;
  readonly log: Log;
}

/**
 * What a function's invocation makes likely soon, by their keys: while a bake holds, a bad verdict may come at any time, and the roll-back
 * should not have to wait for its thread to start.
 */
const SOON: Readonly<Record<string, readonly string[]>> = { bake: ['rollBack', 'judge'] };

/** The deployed functions, and how a state machine's task invokes one. */
export function openFunctions(functions: readonly DeployedFunction[], { url, region, dataFolder, tokenKey, credentials, webhooks, linksUrl, endpoints, asOnAws, metrics, log }: FunctionsOptions) {
  const environment = {
    ...endpoints,
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_APP_MESH: url,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    MESHSHIFT_DATA: dataFolder,
    MESHSHIFT_TOKEN_KEY: tokenKey,
    MESHSHIFT_MESH_KEY: JSON.stringify(credentials),
  };
  const own: Readonly<Record<string, Readonly<Record<string, string>>>> = { notify: { MESHSHIFT_WEBHOOKS: JSON.stringify(webhooks), MESHSHIFT_LINKS_URL: linksUrl }, rolloutsApi: { MESHSHIFT_LINKS_URL: linksUrl }, bake: metrics, judge: metrics, watch: metrics };
  const hosted = functions.map((deployed) => ({ ...deployed, environment: { ...deployed.environment, ...(asOnAws === undefined ? own[deployed.key] : asOnAws(deployed.key)) } }));
  const host: LambdaHost = openLambdaHost({ functions: hosted, environment: asOnAws === undefined ? environment : {}, timers: systemTimers, log });
  const arnsOf = (keys: readonly string[]): string[] => functions.filter(({ key }) => keys.includes(key)).map(({ arn }) => arn);
  const soon = new Map(functions.map(({ key, arn }) => [arn, arnsOf(SOON[key] ?? [])]));
  const invokeTask = async (functionName: string, payload: Json, signal: AbortSignal): Promise<Invocation> => {
    soon.get(functionName)?.forEach((arn) => host.warmUp(arn));
    const result = await host.invoke(functionName, JSON.stringify(payload), signal).catch((error: unknown) => {
      if (error instanceof FunctionNotFound) throw new AwsError(error.name, error.message, { status: 404, cause: error });
      throw error;
    });
    const requestId = randomUUID();
    if ('payload' in result) return { payload: JSON.parse(result.payload) as Json, failed: false, requestId };
    return { payload: { ...result.error, trace: [...result.error.trace] }, failed: true, requestId };
  };
  return { host, invokeTask };
}
