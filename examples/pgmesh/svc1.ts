import type { ServiceDefinition } from '@grpc/grpc-js';

/** The one call of the example's service. Messages are JSON: nothing here needs generated code. */
export interface AskRequest {
  readonly question: string;
}
export interface AskReply {
  readonly answer: string;
  readonly version: string;
}

/** The version also travels as metadata, so that a failed answer tells who gave it. */
export const VERSION_KEY = 'version';

const toBytes = (message: unknown): Buffer => Buffer.from(JSON.stringify(message));
const fromBytes = (bytes: Buffer): unknown => JSON.parse(bytes.toString('utf8')) as unknown;

export const svc1: ServiceDefinition = {
  ask: {
    path: '/pgmesh.Svc1/Ask',
    requestStream: false,
    responseStream: false,
    requestSerialize: toBytes,
    requestDeserialize: fromBytes,
    responseSerialize: toBytes,
    responseDeserialize: fromBytes,
  },
};
