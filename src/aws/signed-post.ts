import { SignatureV4 } from '@smithy/signature-v4';
import { timeLimit } from '../contracts/time-limit.ts';
import { Sha256 } from './sha256.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** A request to a service of AWS; `service` is the name that it signs by. */
export interface SignedPost {
  readonly service: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  /** Gives it up before. */
  readonly signal?: AbortSignal | undefined;
}

const regionOf = ({ AWS_REGION: region = 'us-east-1' }: Environment): string => region;

/** Where a service is: `given`, else what stands in for all of AWS, else AWS itself. */
export function endpointOf(env: Environment, host: string, given: string | undefined): string {
  const region = regionOf(env);
  return given ?? env['AWS_ENDPOINT_URL'] ?? `https://${host}.${region}.${region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com'}`;
}

/** Posts by HTTP, signed with the environment's credentials. */
export async function signedPost(env: Environment, { service, url, headers: given, body, timeoutMs, signal }: SignedPost): Promise<Response> {
  const { AWS_ACCESS_KEY_ID: accessKeyId = '', AWS_SECRET_ACCESS_KEY: secretAccessKey = '', AWS_SESSION_TOKEN: sessionToken } = env;
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const signer = new SignatureV4({ service, region: regionOf(env), credentials, sha256: Sha256 });
  const { headers } = await signer.sign({ method: 'POST', protocol: url.protocol, hostname: url.hostname, path: url.pathname, query: {}, headers: { host: url.host, ...given }, body });
  return fetch(url, { method: 'POST', headers, body, signal: timeLimit(timeoutMs, signal) });
}
