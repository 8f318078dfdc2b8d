import { Server, ServerCredentials, status, type sendUnaryData, type ServerUnaryCall } from '@grpc/grpc-js';

const identity = (bytes: Buffer): Buffer => bytes;

/** The one method of the test services: bytes in, the answering server's name out. */
export const WHOAMI = '/test.Upstream/WhoAmI';

/** A gRPC server over HTTP/2 on loopback that answers with its own name, and counts. */
export interface Upstream {
  readonly name: string;
  readonly port: number;
  /** Requests that reached it. */
  served: number;
  /** Epoch milliseconds (by performance.now) of the last. */
  lastAt: number;
  /** Share of requests it answers with INTERNAL. */
  failing: number;
  /** How long it takes over each answer, milliseconds. */
  delayMs: number;
  stop(): void;
}

/** Starts an upstream on a free port. */
export function startUpstream(name: string): Promise<Upstream> {
  const server = new Server();
  const upstream = { name, port: 0, served: 0, lastAt: 0, failing: 0, delayMs: 0, stop: () => server.forceShutdown() };
  let credit = 0;
  const whoAmI = (_call: ServerUnaryCall<Buffer, Buffer>, answer: sendUnaryData<Buffer>): void => {
    upstream.served++;
    upstream.lastAt = performance.now();
    credit += upstream.failing;
    const fails = credit >= 1;
    if (fails) credit -= 1;
    const reply = (): void => (fails ? answer({ code: status.INTERNAL, details: 'asked to fail' }) : answer(null, Buffer.from(name)));
    if (upstream.delayMs === 0) reply();
    else setTimeout(reply, upstream.delayMs);
  };
  server.addService(
    { whoAmI: { path: WHOAMI, requestStream: false, responseStream: false, requestSerialize: identity, requestDeserialize: identity, responseSerialize: identity, responseDeserialize: identity } },
    { whoAmI },
  );
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
      if (error !== null) {
        reject(error);
        return;
      }
      upstream.port = port;
      resolve(upstream);
    });
  });
}
