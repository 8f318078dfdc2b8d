import { openAws } from '../../src/aws/call.ts';
import { parseKey, type AccessKey } from '../../src/mesh/sign.ts';
import { parseWebhooks, type Webhooks } from '../../src/rollout/notify/webhooks.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const kept = new Map<string, Promise<string>>();

async function fetchSecret(env: Environment, arn: string): Promise<string> {
  const { SecretString = '' } = (await openAws(env)('secretsmanager', 'GetSecretValue', { SecretId: arn })) as { SecretString?: string };
  return SecretString;
}

/** Asks once for each secret; one that could not be read is asked for again. */
function secretOf(env: Environment, arn: string): Promise<string> {
  const found = kept.get(arn) ?? fetchSecret(env, arn);
  kept.set(arn, found);
  found.catch(() => kept.delete(arn));
  return found;
}

/** The value of the variable `name`, else of the secret whose ARN is in `name_SECRET`; undefined where neither is set. */
function valueOf(env: Environment, name: string): Promise<string> | undefined {
  const [value, arn] = [env[name], env[`${name}_SECRET`]];
  if (value) return Promise.resolve(value);
  return arn ? secretOf(env, arn) : undefined;
}

/** What task tokens are encrypted with at rest: base64 of 32 bytes. */
export const readTokenKey = async (env: Environment): Promise<string | undefined> => valueOf(env, 'MESHSHIFT_TOKEN_KEY');

/** By which Prometheus knows these functions; undefined where it asks for nothing. */
export const readPrometheusToken = async (env: Environment): Promise<string | undefined> => valueOf(env, 'MESHSHIFT_PROMETHEUS_TOKEN');

/** Webhooks' URLs by name. @throws WebhooksUnusable, which does not quote what was read */
export const readWebhooks = async (env: Environment): Promise<Webhooks> => parseWebhooks((await valueOf(env, 'MESHSHIFT_WEBHOOKS')) ?? '{}');

/** The access key or token by which the control plane knows these functions; undefined where the environment names none. */
export function readMeshKey(env: Environment): AccessKey | undefined {
  if (!env['MESHSHIFT_MESH_KEY'] && !env['MESHSHIFT_MESH_KEY_SECRET']) return undefined;
  return async () => parseKey((await valueOf(env, 'MESHSHIFT_MESH_KEY')) ?? '');
}
