import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import { messageOf } from '../../contracts/message-of.ts';
import { AccessRefused } from './errors.ts';

type Call = ServerDuplexStream<Buffer, Buffer>;

/** Why a stream is refused: a gRPC status, and the reason in words. */
export class StreamRefused extends Error {
  override readonly name = 'StreamRefused';
  readonly code: status;
  constructor(code: status, message: string) {
    super(message);
    this.code = code;
  }
}

/** 7 for who may not, 16 for who did not say who it is: as AWS's control plane ended streams. */
const statusOf = ({ name }: AccessRefused): status => (name === 'ForbiddenException' ? status.PERMISSION_DENIED : status.UNAUTHENTICATED);

/** Ends a stream with a status, as AWS's control plane did. */
export function refuse(call: Call, code: status, details: string): void {
  call.emit('error', Object.assign(new Error(details), { code, details }));
}

/** Ends a stream for whatever was thrown: bytes that are no request count as a bad argument. */
export function refuseFor(call: Call, error: unknown): void {
  const code = error instanceof StreamRefused ? error.code : error instanceof AccessRefused ? statusOf(error) : status.INVALID_ARGUMENT;
  refuse(call, code, messageOf(error));
}
