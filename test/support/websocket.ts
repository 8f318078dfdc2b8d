import { createServer, request } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

const echo = (stream: Duplex): void => {
  stream.on('error', () => undefined);
  stream.pipe(stream);
};

/** A server on loopback that takes every WebSocket, by HTTP/1.1 or as an extended CONNECT of HTTP/2, and sends back whatever comes through it. */
export async function startWebSocketUpstream(protocol: 'http' | 'http2'): Promise<{ port: number; stop(): void }> {
  const open = new Set<Duplex>();
  const server = protocol === 'http' ? createServer() : createHttp2Server({ settings: { enableConnectProtocol: true } });
  server.on('connection', (socket: Duplex) => open.add(socket));
  server.on('upgrade', (_request, socket: Duplex) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: Upgrade\r\n\r\n');
    echo(socket);
  });
  server.on('stream', (stream: Duplex & { respond(headers: object): void }) => {
    stream.respond({ ':status': 200 });
    echo(stream);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    stop: () => {
      server.close();
      for (const socket of open) socket.destroy();
    },
  };
}

/** What comes back through a WebSocket of that host; the status where none is opened. */
export const echoed = (port: number, host: string, text: string): Promise<string | number> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port, headers: { host, connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==' } });
    asked.on('error', reject);
    asked.on('response', ({ statusCode = 0 }) => {
      asked.destroy();
      resolve(statusCode);
    });
    asked.on('upgrade', (_response, socket) => {
      socket.once('data', (data: Buffer) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.write(text);
    });
    asked.end();
  });
