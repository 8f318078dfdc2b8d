import { parseQuery, type WireRequest } from './canonical-request.ts';
import { incomplete, invalid } from './errors.ts';

/** What a signed request says of its signature. */
export interface Authorization {
  readonly accessKeyId: string;
  /** YYYYMMDD, as in the credential's scope. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  /** Hex. */
  readonly signature: string;
  /** YYYYMMDDTHHMMSSZ. */
  readonly date: string;
  /** Epoch milliseconds of `date`. */
  readonly signedAt: number;
  readonly sessionToken?: string;
  /** Of a presigned URL: how long it holds, in milliseconds. */
  readonly expiresIn?: number;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const PARTS: readonly string[] = ['Credential', 'SignedHeaders', 'Signature'];
const MOST_SECONDS = 7 * 24 * 3600;

const headerOf = ({ headers }: WireRequest, name: string): string | undefined => headers.get(name)?.[0]?.trim();

const BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

/** Epoch milliseconds of an ISO 8601 basic time. Also takes an HTTP date, which `Date` headers have. */
function parseTime(text: string): number {
  const match = BASIC.exec(text);
  const [, year, month, day, hour, minute, second] = match ?? [];
  return Date.parse(match === null ? text : `${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

const toBasic = (time: number): string => new Date(time).toISOString().replace(/[-:]|\.\d+/g, '');

function readDate(given: string | undefined, where: string): { date: string; signedAt: number } {
  if (given === undefined) throw incomplete(`the signature needs a date: ${where}`);
  const signedAt = parseTime(given);
  if (Number.isNaN(signedAt)) throw incomplete(`${where}: must be a date like 20260102T030405Z`);
  return { date: toBasic(signedAt), signedAt };
}

function readCredential(credential: string): Pick<Authorization, 'accessKeyId' | 'day' | 'region' | 'service'> {
  const [accessKeyId = '', day = '', region = '', service = '', end, ...rest] = credential.split('/');
  if (end !== 'aws4_request' || rest.length > 0) throw incomplete("'Credential': must be KEY/DATE/REGION/SERVICE/aws4_request");
  return { accessKeyId, day, region, service };
}

function readSignedHeaders(list: string): string[] {
  const names = list.split(';');
  const sorted = names.every((name, index) => name !== '' && name === name.toLowerCase() && (index === 0 || (names[index - 1] ?? '') < name));
  if (!sorted) throw invalid("'SignedHeaders': must be names in lower case, sorted, each once");
  return names;
}

function complete(parameters: ReadonlyMap<string, string>, prefix: string): [credential: string, signedHeaders: string, signature: string] {
  const values = PARTS.map((name) => {
    const value = parameters.get(`${prefix}${name}`);
    if (value === undefined || value === '') throw incomplete(`the signature needs '${prefix}${name}'`);
    return value;
  });
  return values as [string, string, string];
}

function fromHeader(request: WireRequest, header: string): Authorization {
  const parts = header.slice(ALGORITHM.length).split(',').map((part): [string, string] => {
    const [name = '', value = ''] = part.trim().split(/=(.*)/s);
    return [name, value];
  });
  // A part that comes twice, or that nobody knows, would leave open which of them was meant.
  const wrong = parts.find(([name], index) => !PARTS.includes(name) || parts.findIndex(([other]) => other === name) < index);
  if (wrong !== undefined) throw incomplete(`'Authorization': must have each of ${PARTS.join(', ')} once and nothing else, has ${wrong[0].slice(0, 40)}`);
  const [credential, signedHeaders, signature] = complete(new Map(parts), '');
  const sessionToken = headerOf(request, 'x-amz-security-token');
  return {
    ...readCredential(credential),
    signedHeaders: readSignedHeaders(signedHeaders),
    signature,
    ...readDate(headerOf(request, 'x-amz-date') ?? headerOf(request, 'date'), "'X-Amz-Date'"),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

function readExpiry(text: string | undefined): number {
  if (text === undefined || !/^\d{1,6}$/.test(text) || Number(text) < 1 || Number(text) > MOST_SECONDS) {
    throw incomplete(`'X-Amz-Expires': must be 1 to ${MOST_SECONDS} seconds`);
  }
  return Number(text) * 1000;
}

function fromQuery(parameters: ReadonlyMap<string, string>): Authorization {
  const [credential, signedHeaders, signature] = complete(parameters, 'X-Amz-');
  const sessionToken = parameters.get('X-Amz-Security-Token');
  return {
    ...readCredential(credential),
    signedHeaders: readSignedHeaders(signedHeaders),
    signature,
    ...readDate(parameters.get('X-Amz-Date'), "'X-Amz-Date'"),
    expiresIn: readExpiry(parameters.get('X-Amz-Expires')),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
}

/**
 * The signature of a request, by its Authorization header or (presigned) its query. Undefined when it has neither.
 * @throws AccessRefused when it has one that is not whole.
 */
export function readAuthorization(request: WireRequest): Authorization | undefined {
  const header = headerOf(request, 'authorization');
  if (header?.startsWith(`${ALGORITHM} `) === true) return fromHeader(request, header);
  const pairs = parseQuery(request.query);
  const parameters = new Map(pairs);
  const algorithm = parameters.get('X-Amz-Algorithm');
  if (algorithm === undefined) {
    if (header?.startsWith('AWS4-') === true) throw incomplete(`only ${ALGORITHM} signatures are understood`);
    return undefined;
  }
  if (algorithm !== ALGORITHM) throw incomplete(`'X-Amz-Algorithm': must be ${ALGORITHM}`);
  const signing = pairs.filter(([name]) => name.startsWith('X-Amz-'));
  if (new Set(signing.map(([name]) => name)).size < signing.length) throw invalid('a parameter of the signature is there twice');
  return fromQuery(parameters);
}
