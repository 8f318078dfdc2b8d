import * as z from 'zod/mini';
import { PlanRefused } from '../../canary/errors.ts';
import { InvalidInput, tellMistakes } from '../../contracts/mistakes.ts';
import { ResourceMissing } from '../../mesh/errors.ts';
import { ActionRefused, NotFound, SchedulesNotInStep } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { ROUTES, type Answer } from './routes.ts';

/** What is used of an HTTP API's event (payload 2.0). */
export const httpRequest = z.object({
  rawPath: z.string(),
  body: z.optional(z.string()),
  isBase64Encoded: z.optional(z.boolean()),
  queryStringParameters: z.optional(z.record(z.string(), z.optional(z.string()))),
  requestContext: z.object({
    http: z.object({ method: z.string() }),
    authorizer: z.optional(
      z.object({
        iam: z.optional(z.object({ userArn: z.optional(z.string()) })),
        jwt: z.optional(z.object({ claims: z.optional(z.object({ sub: z.optional(z.string()) })) })),
      }),
    ),
  }),
});
type HttpRequest = z.infer<typeof httpRequest>;

export interface HttpResponse {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** An error's status by its class; every other error is the server's, and is thrown for the caller to retry. */
const STATUS_OF: readonly (readonly [new (...args: never[]) => Error, number])[] = [
  [InvalidInput, 400],
  [PlanRefused, 400],
  [NotFound, 404],
  [ResourceMissing, 404],
  [ActionRefused, 409],
  [SchedulesNotInStep, 503],
];

const JSON_TYPE = { 'content-type': 'application/json' };
const respond = ({ status, body, headers = JSON_TYPE }: Answer): HttpResponse => ({ statusCode: status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) });

function toErrorAnswer(error: unknown): Answer {
  const status = STATUS_OF.find(([type]) => error instanceof type)?.[1];
  if (status === undefined || !(error instanceof Error)) throw error;
  const mistakes = error instanceof InvalidInput ? { mistakes: tellMistakes(error.mistakes) } : {};
  return { status, body: { error: error.name, message: error.message, ...mistakes } };
}

function decodeSegment(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new InvalidInput([{ file: 'request path', path: '', value: text, rule: 'must be URL-encoded' }]);
  }
}

/** Who called, as API Gateway vouches for it: a signer of IAM, or the subject of a token. */
const callerOf = ({ authorizer }: HttpRequest['requestContext']): string | undefined => authorizer?.iam?.userArn ?? authorizer?.jwt?.claims?.sub;

async function dispatch(ports: Ports, { rawPath, body, isBase64Encoded, queryStringParameters = {}, requestContext }: HttpRequest): Promise<Answer> {
  const matches = ROUTES.flatMap((route) => {
    const match = route.path.exec(rawPath);
    return match === null ? [] : [{ route, segments: match.slice(1).map(decodeSegment) }];
  });
  if (matches.length === 0) throw new NotFound(`there is nothing at ${rawPath}`);
  const found = matches.find(({ route }) => route.method === requestContext.http.method);
  if (found === undefined) return { status: 405, body: { error: 'MethodNotAllowed', message: `${rawPath} takes ${matches.map(({ route }) => route.method).join(', ')}` } };
  const text = isBase64Encoded === true ? Buffer.from(body ?? '', 'base64').toString('utf8') : (body ?? '');
  return found.route.answer(ports, { segments: found.segments, text, query: queryStringParameters, caller: callerOf(requestContext) });
}

/** Answers a request of the rollouts API; what the caller did wrong is a 4xx with every mistake. */
export async function answerRequest(ports: Ports, request: HttpRequest): Promise<HttpResponse> {
  try {
    return respond(await dispatch(ports, request));
  } catch (error) {
    return respond(toErrorAnswer(error));
  }
}
