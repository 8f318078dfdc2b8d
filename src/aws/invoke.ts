import { AwsCallFailed } from './call.ts';
import { endpointOf, signedPost } from './signed-post.ts';

/** Calls a function of Lambda by its name or ARN and waits for its answer; `failed`: it threw, and the payload is its error. @throws AwsCallFailed */
export type Invoke = (functionName: string, payload: string) => Promise<{ readonly payload: string; readonly failed: boolean }>;

function failureOf(response: Response, text: string): AwsCallFailed {
  const code = response.headers.get('x-amzn-errortype')?.split(':')[0] ?? 'UnknownError';
  try {
    const { Message, message } = JSON.parse(text) as { Message?: string; message?: string };
    return new AwsCallFailed(code, Message ?? message ?? `HTTP ${response.status}`, response.status);
  } catch {
    return new AwsCallFailed(code, `HTTP ${response.status}`, response.status);
  }
}

/** Invokes functions with the credentials, the region and the endpoints of an environment; once, as who waits asks again. */
export const openInvoke =
  (env: Readonly<Record<string, string | undefined>>, timeoutMs: number): Invoke =>
  async (functionName, payload) => {
    const url = new URL(`/2015-03-31/functions/${encodeURIComponent(functionName)}/invocations`, endpointOf(env, 'lambda', env['AWS_ENDPOINT_URL_LAMBDA']));
    const response = await signedPost(env, { service: 'lambda', url, headers: { 'content-type': 'application/json' }, body: payload, timeoutMs });
    const text = await response.text();
    if (!response.ok) throw failureOf(response, text);
    return { payload: text, failed: response.headers.has('x-amz-function-error') };
  };
