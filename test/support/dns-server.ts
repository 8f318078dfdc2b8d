import { createSocket } from 'node:dgram';

/** The addresses of a name. */
export interface Records {
  readonly a?: readonly string[];
  readonly aaaa?: readonly string[];
}

const A = 1;
const AAAA = 28;

/** The name and type asked for, and where the question ends. */
function questionOf(query: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(query.toString('latin1', at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join('.').toLowerCase(), type: query.readUInt16BE(at + 1), end: at + 5 };
}

const bytesOf = (address: string): Buffer => (address === '::1' ? Buffer.from([...new Array<number>(15).fill(0), 1]) : Buffer.from(address.split('.').map(Number)));

function answerOf(query: Buffer, table: Readonly<Record<string, Records>>): Buffer {
  const { name, type, end } = questionOf(query);
  const records = table[name];
  const addresses = type === A ? records?.a : type === AAAA ? records?.aaaa : undefined;
  const answers = (addresses ?? []).map((address) => {
    const data = bytesOf(address);
    const head = Buffer.alloc(12);
    head.writeUInt16BE(0xc00c, 0);
    head.writeUInt16BE(type, 2);
    head.writeUInt16BE(1, 4);
    head.writeUInt32BE(60, 6);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  const header = Buffer.alloc(12);
  query.copy(header, 0, 0, 2);
  header.writeUInt16BE(records === undefined ? 0x8183 : 0x8180, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  return Buffer.concat([header, query.subarray(12, end), ...answers]);
}

/** A name server on loopback over UDP that knows what the table says. Names that end with a dot ask for the same. */
export function startDnsServer(table: Readonly<Record<string, Records>>): Promise<{ readonly port: number; stop(): void }> {
  const socket = createSocket('udp4');
  socket.on('message', (query, { port, address }) => socket.send(answerOf(query, table), port, address));
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => resolve({ port: socket.address().port, stop: () => socket.close() }));
  });
}
