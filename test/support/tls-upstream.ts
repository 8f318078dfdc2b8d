import { createSecureServer, createServer, type ServerHttp2Stream } from 'node:http2';
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import type { SecureContextOptions, TLSSocket } from 'node:tls';

/** A gRPC server over HTTP/2 that takes plain text and TLS on one port, and answers with how it was called: `plain`, `tls`, or `tls NAME` by a client's certificate. */
export interface TlsUpstream {
  readonly port: number;
  /** From now on new connections are shown this certificate. */
  show(certificate: SecureContextOptions): void;
  stop(): void;
}

/** A handshake's first byte in TLS; no HTTP begins so. */
const HANDSHAKE = 0x16;

function answer(stream: ServerHttp2Stream, text: string): void {
  stream.resume();
  stream.on('end', () => {
    const message = Buffer.from(text);
    const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
    stream.end(frame);
  });
}

export function startTlsUpstream(certificate: SecureContextOptions): Promise<TlsUpstream> {
  const plain = createServer();
  // A client's certificate is asked for, and told; who may call is the mesh's matter.
  const secure = createSecureServer({ ...certificate, requestCert: true, rejectUnauthorized: false });
  plain.on('stream', (stream) => answer(stream, 'plain'));
  secure.on('stream', (stream) => {
    const { subject } = (stream.session?.socket as TLSSocket).getPeerCertificate() as { subject?: { CN?: string } };
    answer(stream, subject?.CN === undefined ? 'tls' : `tls ${subject.CN}`);
  });
  const sockets = new Set<Socket>();
  const front = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', (first) => {
      socket.pause();
      socket.unshift(first);
      (first[0] === HANDSHAKE ? secure : plain).emit('connection', socket);
      process.nextTick(() => socket.resume());
    });
  });
  return new Promise((resolve, reject) => {
    front.once('error', reject);
    front.listen(0, '127.0.0.1', () =>
      resolve({
        port: (front.address() as AddressInfo).port,
        show: (next) => secure.setSecureContext(next),
        stop: () => {
          front.close();
          for (const socket of sockets) socket.destroy();
        },
      }),
    );
  });
}
