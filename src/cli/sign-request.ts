import { createHash } from 'node:crypto';
import { regionOf } from './region.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

const REGION = /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/;

/** Of the SDK's own chain: the environment, profiles, SSO, instances. Undefined where it finds none: whoever is asked then says so. */
async function findCredentials(region: string) {
  const { SFNClient } = await import('@aws-sdk/client-sfn');
  const client = new SFNClient({ region });
  try {
    return { ...(await client.config.credentials()), sha256: client.config.sha256 };
  } catch {
    return undefined;
  } finally {
    client.destroy();
  }
}

/**
 * A request's headers with who asks: the token of MESHSHIFT_API_TOKEN where the rollouts API takes tokens, else AWS's signature, as an HTTP API authorised by IAM takes it.
 * What is not https is a runtime that checks nothing: it is shown no credentials.
 */
export async function signRequest({ method, url, headers, body = '' }: Request, env: Environment): Promise<Record<string, string>> {
  const { protocol, hostname, host, pathname, searchParams } = new URL(url);
  if (protocol !== 'https:') return { ...headers };
  const token = env['MESHSHIFT_API_TOKEN'];
  if (token) return { ...headers, authorization: `Bearer ${token}` };
  const region = REGION.exec(hostname)?.[1] ?? regionOf(env);
  const found = await findCredentials(region);
  if (found === undefined) return { ...headers };
  const { sha256, ...credentials } = found;
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({ service: 'execute-api', region, credentials, sha256 });
  const hash = createHash('sha256').update(body).digest('hex');
  const signed = await signer.sign({ method, protocol, hostname, path: pathname, query: Object.fromEntries(searchParams), headers: { ...headers, host, 'x-amz-content-sha256': hash }, body });
  return signed.headers;
}
