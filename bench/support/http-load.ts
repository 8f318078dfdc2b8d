import { connect, type Socket } from 'node:net';

/** A request ready to be written. */
export interface Prepared {
  readonly bytes: Buffer;
  readonly label: string;
}

// Servers that stand in for many services tell them apart by the scope of the signature; nobody here checks it.
const AUTHORIZATION = 'AWS4-HMAC-SHA256 Credential=bench/20260101/us-east-1/appmesh/aws4_request, SignedHeaders=host, Signature=0';

export function prepare(label: string, method: string, path: string, body?: object): Prepared {
  const content = body === undefined ? '' : JSON.stringify(body);
  const head = `${method} /v20190125${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: ${AUTHORIZATION}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(content)}\r\n\r\n`;
  return { label, bytes: Buffer.from(head + content) };
}

interface Head {
  readonly status: number;
  readonly bodyAt: number;
  readonly length: number;
  readonly closes: boolean;
}

function parseHead(text: string): Head | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const head = text.slice(0, end).toLowerCase();
  const length = /\r\ncontent-length: *(\d+)/.exec(head)?.[1];
  const closes = head.includes('\r\nconnection: close') || head.startsWith('http/1.0');
  return { status: Number(head.slice(9, 12)), bodyAt: end + 4, length: length === undefined ? Infinity : Number(length), closes };
}

/** One connection, one request at a time; connects anew where the server closes. It costs far less than an HTTP library, so that the server is what is measured. */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** @throws Error for anything but a 2xx answer. */
  send({ bytes, label }: Prepared): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = (this.#socket ??= connect({ port: this.#port, host: '127.0.0.1', noDelay: true }));
      let text = '';
      const forget = (): void => {
        socket.removeAllListeners();
        socket.on('error', () => undefined);
      };
      const done = (head: Head): void => {
        forget();
        if (head.closes) this.close();
        if (head.status >= 200 && head.status < 300) resolve(text.slice(head.bodyAt));
        else reject(new Error(`${label} was answered ${head.status}: ${text.slice(head.bodyAt, head.bodyAt + 300)}`));
      };
      const fail = (error: Error): void => {
        forget();
        this.close();
        reject(error);
      };
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
        const head = parseHead(text);
        if (head !== undefined && text.length - head.bodyAt >= head.length) done(head);
      });
      socket.on('end', () => {
        const head = parseHead(text);
        if (head === undefined) fail(new Error(`${label}: the connection closed before an answer`));
        else done({ ...head, closes: true });
      });
      socket.on('error', fail);
      socket.write(bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
    this.#socket = undefined;
  }
}

export interface LoadResult {
  readonly perSecond: number;
  /** Milliseconds of each request. */
  readonly latencies: number[];
}

/** Sends what `next` gives over so many connections for so long. Each connection has its number, so that they can work on resources of their own. */
export async function load(port: number, connections: number, seconds: number, next: (connection: number) => Prepared): Promise<LoadResult> {
  const latencies: number[] = [];
  const begun = performance.now();
  const until = begun + seconds * 1000;
  const work = async (_: unknown, number: number): Promise<void> => {
    const connection = new Connection(port);
    while (performance.now() < until) {
      const at = performance.now();
      await connection.send(next(number));
      latencies.push(performance.now() - at);
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: connections }, work));
  return { perSecond: latencies.length / ((performance.now() - begun) / 1000), latencies };
}
