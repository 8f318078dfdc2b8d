import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { answer } from './answer.ts';

/** STS on the wire: the AWS Query protocol, known by its form. No other service here speaks it. */
export interface Sts {
  owns(request: Pick<IncomingMessage, 'method' | 'headers'>, path: string): boolean;
  handle(body: string, response: ServerResponse): void;
}

const FORM = 'application/x-www-form-urlencoded';
const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/';

function send(response: ServerResponse, status: number, requestId: string, xml: string): void {
  answer(response, status, xml, { 'content-type': 'text/xml', 'x-amzn-requestid': requestId });
}

/**
 * Tells who calls, which Terraform and other tools ask before anything else: everybody on this machine is the root of its one account (12 digits).
 * It is the only operation of STS there is, as nobody needs credentials of a role here.
 */
export const openSts = (accountId: string): Sts => ({
  owns: ({ method, headers }, path) => method === 'POST' && path === '/' && headers['content-type']?.startsWith(FORM) === true && headers['x-amz-target'] === undefined,
  handle: (body, response) => {
    const requestId = randomUUID();
    const action = new URLSearchParams(body).get('Action') ?? '';
    if (action === 'GetCallerIdentity') {
      const identity = `<Arn>arn:aws:iam::${accountId}:root</Arn><UserId>${accountId}</UserId><Account>${accountId}</Account>`;
      const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
      send(response, 200, requestId, `<GetCallerIdentityResponse xmlns="${NAMESPACE}"><GetCallerIdentityResult>${identity}</GetCallerIdentityResult>${metadata}</GetCallerIdentityResponse>`);
      return;
    }
    const message = `${/^\w{1,64}$/.test(action) ? action : 'the action'} is not an operation that the local runtime serves: of STS, GetCallerIdentity is`;
    const error = `<Error><Type>Sender</Type><Code>InvalidAction</Code><Message>${message}</Message></Error>`;
    send(response, 400, requestId, `<ErrorResponse xmlns="${NAMESPACE}">${error}<RequestId>${requestId}</RequestId></ErrorResponse>`);
  },
});
