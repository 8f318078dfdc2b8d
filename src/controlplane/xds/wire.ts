/** The little of protobuf's wire format that is needed to join encoded messages and to skip fields without decoding them. */

const LENGTH_DELIMITED = 2;

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return [...bytes, rest];
}

/** A length-delimited field: tag, length, content. */
export function field(number: number, content: Uint8Array): Buffer {
  return Buffer.concat([Uint8Array.from([...varintBytes(number * 8 + LENGTH_DELIMITED), ...varintBytes(content.length)]), content]);
}

export const textField = (number: number, text: string): Buffer => field(number, Buffer.from(text));

/** Reads a varint; more than 53 bits lose precision, which tags and lengths never need. */
function readVarint(bytes: Uint8Array, start: number): { value: number; next: number } {
  let value = 0;
  for (let index = start, scale = 1; index < bytes.length; index++, scale *= 128) {
    const byte = bytes[index] ?? 0;
    value += (byte & 127) * scale;
    if (byte < 128) return { value, next: index + 1 };
  }
  throw new RangeError('protobuf: a varint runs past the end');
}

/** Bytes of a value of each wire type, given where it starts: varint, 64 bits, length-delimited, (groups, not used), 32 bits. */
function endOf(wireType: number, bytes: Uint8Array, start: number): number {
  if (wireType === 0) return readVarint(bytes, start).next;
  if (wireType === 1) return start + 8;
  if (wireType === 5) return start + 4;
  if (wireType !== LENGTH_DELIMITED) throw new RangeError(`protobuf: wire type ${wireType} is not used here`);
  const { value, next } = readVarint(bytes, start);
  return next + value;
}

/**
 * The message without one of its top-level fields. An Envoy repeats its whole node, 61 KB, in every load report: decoding that
 * costs eighty times as much as the rest.
 * @throws RangeError when the bytes are no protobuf message.
 */
export function withoutField(bytes: Uint8Array, number: number): Uint8Array {
  const kept: Uint8Array[] = [];
  let position = 0;
  while (position < bytes.length) {
    const tag = readVarint(bytes, position);
    const end = endOf(tag.value % 8, bytes, tag.next);
    if (end > bytes.length) throw new RangeError('protobuf: a field runs past the end');
    if (Math.floor(tag.value / 8) !== number) kept.push(bytes.subarray(position, end));
    position = end;
  }
  return kept.length === 1 && kept[0]?.length === bytes.length ? bytes : Buffer.concat(kept);
}

/**
 * The length-delimited fields of a message, in order, their contents as they stand in it.
 * @throws RangeError when the bytes are no protobuf message.
 */
export function fieldsOf(bytes: Uint8Array): { readonly number: number; readonly content: Uint8Array }[] {
  const found: { number: number; content: Uint8Array }[] = [];
  let position = 0;
  while (position < bytes.length) {
    const tag = readVarint(bytes, position);
    const end = endOf(tag.value % 8, bytes, tag.next);
    if (end > bytes.length) throw new RangeError('protobuf: a field runs past the end');
    if (tag.value % 8 === LENGTH_DELIMITED) found.push({ number: Math.floor(tag.value / 8), content: bytes.subarray(readVarint(bytes, tag.next).next, end) });
    position = end;
  }
  return found;
}
