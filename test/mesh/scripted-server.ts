import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: unknown;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
}

/** A loopback server that answers as a test says, and remembers what it was asked. */
export interface ScriptedServer {
  readonly url: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

export async function startScriptedServer(answer: (asked: Asked, count: number) => Answer): Promise<ScriptedServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString('utf8');
      const one: Asked = { method: request.method ?? '', path: request.url ?? '', headers: request.headers, body: text === '' ? undefined : (JSON.parse(text) as unknown) };
      asked.push(one);
      const { status, body } = answer(one, asked.filter(({ method, path }) => method === one.method && path === one.path).length);
      const code = (body as { code?: string }).code;
      response.writeHead(status, { 'content-type': 'application/json', ...(status >= 400 && code !== undefined ? { 'x-amzn-errortype': code } : {}) }).end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export const resourceBody = (spec: unknown, { status = 'ACTIVE', version = 1 } = {}) => ({
  spec,
  status: { status },
  metadata: { arn: 'arn:aws:appmesh:us-east-1:000000000000:mesh/m', version, uid: 'u', createdAt: 1, lastUpdatedAt: 1, meshOwner: '0', resourceOwner: '0' },
});
export const errorBody = (code: string): { code: string; message: string } => ({ code, message: `${code} it is` });
