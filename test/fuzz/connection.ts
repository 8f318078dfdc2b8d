import { connect, type Socket } from 'node:net';

/** An answer as it came over the wire. */
export interface Reply {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Buffer;
}

/** What became of a request: an answer, or the end of the connection without one. */
export type Outcome = Reply | 'closed' | 'silent';

const HEAD_END = Buffer.from('\r\n\r\n');

interface Head {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly end: number;
}

function readHead(bytes: Buffer): Head | undefined {
  const end = bytes.indexOf(HEAD_END);
  if (end < 0) return undefined;
  const [line = '', ...rest] = bytes.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Map(rest.map((header): [string, string] => [header.slice(0, header.indexOf(':')).toLowerCase(), header.slice(header.indexOf(':') + 1).trim()]));
  return { status: Number(line.split(' ')[1]), headers, end: end + HEAD_END.length };
}

/** The whole body of chunks, or undefined while some are to come. */
function readChunks(bytes: Buffer): { body: Buffer; end: number } | undefined {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const line = bytes.indexOf('\r\n', at);
    if (line < 0) return undefined;
    const size = Number.parseInt(bytes.subarray(at, line).toString('latin1'), 16);
    const next = line + 2 + size + 2;
    if (bytes.length < next) return undefined;
    if (size === 0) return { body: Buffer.concat(parts), end: next };
    parts.push(bytes.subarray(line + 2, line + 2 + size));
    at = next;
  }
}

function readReply(bytes: Buffer, toHead: boolean): { reply: Reply; end: number } | undefined {
  const head = readHead(bytes);
  if (head === undefined) return undefined;
  const { status, headers, end } = head;
  // What only says that the request may go on is no answer.
  if (status === 100) {
    const later = readReply(bytes.subarray(end), toHead);
    return later === undefined ? undefined : { ...later, end: end + later.end };
  }
  if (toHead || status === 204 || status === 304) return { reply: { status, headers, body: Buffer.alloc(0) }, end };
  if (headers.get('transfer-encoding') === 'chunked') {
    const chunks = readChunks(bytes.subarray(end));
    return chunks === undefined ? undefined : { reply: { status, headers, body: chunks.body }, end: end + chunks.end };
  }
  const length = Number(headers.get('content-length') ?? 0);
  return bytes.length < end + length ? undefined : { reply: { status, headers, body: bytes.subarray(end, end + length) }, end: end + length };
}

/** One connection to a port of loopback, on which bytes are sent exactly as they are given. */
export class Connection {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #closed = false;
  #wake: () => void = () => undefined;

  constructor(port: number) {
    this.#socket = connect({ host: '127.0.0.1', port, noDelay: true });
    this.#socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#wake();
    });
    // A reset is one way to be closed.
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#closed = true;
      this.#wake();
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends bytes, and waits for one answer. @param finish whether nothing more is sent, as the other side is told */
  async exchange(bytes: Buffer, { toHead = false, finish = false, timeoutMs = 20_000 }: { toHead?: boolean; finish?: boolean; timeoutMs?: number } = {}): Promise<Outcome> {
    if (finish) this.#socket.end(bytes);
    else this.#socket.write(bytes);
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      const found = readReply(this.#received, toHead);
      if (found !== undefined) {
        this.#received = this.#received.subarray(found.end);
        if (found.reply.headers.get('connection') === 'close') this.close();
        return found.reply;
      }
      if (this.#closed) return 'closed';
      const left = deadline - performance.now();
      if (left <= 0) return 'silent';
      await this.#change(left);
    }
  }

  /** Sends bytes and goes away at once. */
  async abandon(bytes: Buffer): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
    this.close();
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }

  #change(withinMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, withinMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
