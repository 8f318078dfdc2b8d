import { pick, type Random } from '../support/generate-spec.ts';
import { message, type Probe } from './probe.ts';

const MESHES = '/v20190125/meshes';
const crlf = (...lines: readonly string[]): string => lines.join('\r\n');

/** What is no HTTP/1.1 message by its rules, or at their edge. */
const BROKEN: readonly string[] = [
  '\r\n\r\n',
  'GET\r\n\r\n',
  'GET /\r\n\r\n',
  crlf(`GET ${MESHES} HTTP/9.9`, 'host: 127.0.0.1', '', ''),
  crlf(`GET ${MESHES} HTTP/1.0`, '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'host: evil.example', '', ''),
  crlf(`GET  ${MESHES}  HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host : 127.0.0.1', '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, ' host: 127.0.0.1', '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'x: a', '\tfolded', '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'x: a\0b', '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', ': no name', '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'no colon', '', ''),
  `GET ${MESHES} HTTP/1.1\nhost: 127.0.0.1\n\n`,
  `GET ${MESHES} HTTP/1.1\rhost: 127.0.0.1\r\r`,
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', `x: ${'a'.repeat(100_000)}`, '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', ...Array.from({ length: 3_000 }, (_, index) => `x-${index}: a`), '', ''),
  crlf(`GET /${'a'.repeat(100_000)} HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf(`G\u00c9T ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf(`${'A'.repeat(300)} ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf(`GET ${MESHES}\u0000 HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf(`GET ${MESHES}/\u00e9\u65e5 HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'content-length: -1', '', '{}'),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'content-length: 2, 2', '', '{}'),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'content-length: 2', 'content-length: 3', '', '{}'),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'content-length: 0x2', '', '{}'),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', `content-length: ${'9'.repeat(40)}`, '', '{}'),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'content-length: 2', 'transfer-encoding: chunked', '', '2', '{}', '0', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: gzip', '', '{}'),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: chunked, chunked', '', '2', '{}', '0', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: xchunked', '', '2', '{}', '0', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: chunked', '', 'zz', '{}', '0', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: chunked', '', '-2', '{}', '0', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: chunked', '', 'ffffffffffffffffff', '{}', '0', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: chunked', '', '1', '{}', '0', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: chunked', '', `2;${'e'.repeat(20_000)}`, '{}', '0', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'transfer-encoding: chunked', '', '2', '{}', '0', 'trailer: a', 'host: evil.example', '', ''),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'expect: 200-ok', 'content-length: 2', '', '{}'),
  crlf(`PUT ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'expect: 100-continue', 'content-length: 2', '', '{}'),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'connection: upgrade', 'upgrade: websocket', 'sec-websocket-key: AAAA', '', ''),
  crlf(`GET ${MESHES} HTTP/1.1`, 'host: 127.0.0.1', 'connection: upgrade, http2-settings', 'upgrade: h2c', 'http2-settings: AAMAAABkAAQAAP__', '', ''),
  crlf('CONNECT 127.0.0.1:80 HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf('OPTIONS * HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf('GET * HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf('GET ?limit=1 HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf('GET v20190125/meshes HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf(`GET http://127.0.0.1${MESHES} HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf(`GET http://evil.example${MESHES} HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf('GET http:// HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf('GET file:///etc/passwd HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf('GET //evil.example/v20190125/meshes HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf('GET //[::1:::/meshshift/v1/propagation/a HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf('GET /meshshift/v1/propagation/a/../../../../etc HTTP/1.1', 'host: 127.0.0.1', '', ''),
  crlf(`GET ${MESHES}#fragment HTTP/1.1`, 'host: 127.0.0.1', '', ''),
  crlf('PRI * HTTP/2.0', '', 'SM', '', ''),
  '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03',
  'SSH-2.0-OpenSSH_9.0\r\n',
  '*1\r\n$4\r\nPING\r\n',
];

const HOSTS = ['evil.example', 'evil.example:80', '127.0.0.1.evil.example', 'localhost.', '0.0.0.0', '[::2]', '', '127.0.0.1@evil.example', '127.0.0.1:99999999', 'LOCALHOST', '127.0.0.1:abc', '[::1', '2130706433'];
const ORIGINS = ['http://evil.example', 'null', 'file://', 'http://127.0.0.1.evil.example', 'not a url', 'http://[::1', '', `http://${'a'.repeat(3_000)}`, 'http://localhost:1, http://evil.example'];

/** From a page elsewhere, or by a name that leads here: refused before any service, or served. */
function strangerProbe(random: Random): Probe {
  const byHost = random() < 0.5;
  const request = { path: MESHES, ...(byHost ? { host: pick(random, HOSTS) } : { headers: [`origin: ${pick(random, ORIGINS)}`] }) };
  return { what: `stranger ${JSON.stringify(request)}`, bytes: message(request), manner: 'json', end: 'answered-or-closed' };
}

/** A whole message of which only a part is sent. */
function cutProbe(random: Random): Probe {
  const whole = message({ method: 'PUT', path: MESHES, body: JSON.stringify({ meshName: 'cut' }), chunked: random() < 0.5 });
  const bytes = whole.subarray(0, Math.floor(random() * whole.length));
  return { what: `cut ${JSON.stringify(String(bytes))}`, bytes, manner: 'http', end: random() < 0.7 ? 'abandoned' : 'answered-or-closed' };
}

/** Far more than any body may have. */
function hugeProbe(random: Random): Probe {
  const [path, target] = pick(random, [[MESHES, ''], ['/', 'AWSStepFunctions.StartExecution'], ['/meshshift/v1/endpoints/a/b', ''], ['/schedules/a', '']] as const);
  const headers = target === '' ? [] : [`x-amz-target: ${target}`];
  const body = Buffer.alloc(pick(random, [1, 7, 20]) * 1024 * 1024, 0x61);
  return { what: `huge ${path} ${body.length}`, bytes: message({ method: target === '' ? 'PUT' : 'POST', path, headers, body, chunked: random() < 0.3 }), manner: 'http', end: 'answered-or-closed' };
}

/** Bytes of no protocol. */
const noiseProbe = (random: Random): Probe => {
  const bytes = Buffer.from(Array.from({ length: 1 + Math.floor(random() * 400) }, () => Math.floor(random() * 256)));
  return { what: `noise ${bytes.toString('hex')}`, bytes, manner: 'http', end: 'answered-or-closed' };
};

const brokenProbe = (random: Random): Probe => {
  const text = pick(random, BROKEN);
  return { what: `broken ${JSON.stringify(text.slice(0, 200))}`, bytes: Buffer.from(text, 'latin1'), manner: 'http', end: 'answered-or-closed' };
};

/** What is wrong below any service: framing, sizes, hosts. */
export function framingProbe(random: Random): Probe {
  const which = random();
  if (which < 0.55) return brokenProbe(random);
  if (which < 0.75) return strangerProbe(random);
  if (which < 0.9) return cutProbe(random);
  return which < 0.99 ? noiseProbe(random) : hugeProbe(random);
}
