import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../../contracts/log.ts';
import { isInvocation, serveInvocation } from '../lambda/invoke-api.ts';
import type { Services } from '../services.ts';
import { answer } from './answer.ts';
import { AwsError, operationOf, serveAwsJson } from './aws-json.ts';
import { readBody } from './read-body.ts';

/** Larger than any request these services take: Lambda's own bound. */
const MAX_BODY_BYTES = 6 * 1024 * 1024;

const send = (response: ServerResponse, status: number, body: object): void => answer(response, status, JSON.stringify(body));

/** Tells the services on one port apart as AWS does: App Mesh, Lambda and Scheduler by path, Step Functions and EventBridge by the `X-Amz-Target` header, STS by its form. */
export function createDispatcher(services: Services, log: Log): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  const { controlPlane, aws, sts, lambda, invokeLater, scheduler, httpApi, workloads } = services;

  async function dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const path = url.split('?')[0] ?? url;
    if (controlPlane.owns(method, url)) return controlPlane.handle(request, response);
    if (path.startsWith('/meshshift/local/workloads') && workloads !== undefined) return workloads.handle(request, response);
    if (path === '/meshshift/local/health') { send(response, 200, { status: 'ok' }); return; }
    const body = (await readBody(request, MAX_BODY_BYTES)).toString('utf8');
    const service = aws.find((candidate) => operationOf(request, candidate) !== undefined);
    if (service !== undefined) {
      return serveAwsJson(service, request, body, response, (error, operation) => log('error', 'a request failed', { service: service.targetPrefix, operation, error: String(error) }));
    }
    if (sts.owns(request, path)) { sts.handle(body, response); return; }
    if (isInvocation(method, path)) return serveInvocation(lambda, invokeLater, request, body, response, log);
    if (scheduler.owns(path)) return scheduler.handle(request, body, response);
    if (httpApi.owns(path)) return httpApi.handle(request, body, response);
    const target = request.headers['x-amz-target'];
    const what = typeof target === 'string' ? `the operation ${target}` : `${method} ${path}`;
    send(response, 404, { __type: 'UnknownOperationException', message: `${what} is not served here: App Mesh, Step Functions, EventBridge, EventBridge Scheduler, Lambda, STS and /meshshift/v1 are` });
  }

  return async (request, response) => {
    try {
      await dispatch(request, response);
    } catch (error) {
      if (!(error instanceof AwsError)) log('error', 'a request failed', { method: request.method, path: request.url?.split('?')[0], error: String(error) });
      if (response.headersSent) response.destroy();
      else if (error instanceof AwsError) send(response, error.status, { __type: error.code, message: error.message });
      else send(response, 500, { __type: 'InternalFailure', message: 'The request processing has failed because of an unknown error.' });
    }
  };
}
