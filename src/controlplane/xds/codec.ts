import { createFileRegistry, fromBinary, fromJson, toBinary, toJson, type DescMessage, type JsonValue, type Registry } from '@bufbuild/protobuf';
import { AnySchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ProtoJson } from '../translate/types.ts';

/** Beside this file in the sources; in dist/data where the command was bundled to dist/src/cli. */
const PLACES = ['./descriptors/envoy-1.40.binpb', '../../data/envoy-1.40.binpb'];

function readDescriptors(): Uint8Array {
  const paths = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = paths.find((path) => existsSync(path));
  if (found === undefined) throw new Error(`Envoy's descriptors are not there: ${paths.join(', ')}`);
  return readFileSync(found);
}

let loaded: Registry | undefined;
/** Loaded on first use: ~40 ms. */
const registry = (): Registry => (loaded ??= createFileRegistry(fromBinary(FileDescriptorSetSchema, readDescriptors())));

function schema(type: string): DescMessage {
  const found = registry().getMessage(type);
  if (found === undefined) throw new Error(`no descriptor of ${type}`);
  return found;
}

/**
 * Encodes protobuf JSON.
 * @throws Error naming the field that the type does not have or whose value it does not take.
 */
export const encode = (type: string, json: ProtoJson): Uint8Array =>
  toBinary(schema(type), fromJson(schema(type), json as JsonValue, { registry: registry() }));

/** Encodes protobuf JSON as an Any. Deterministic, so that equal JSON gives equal bytes. */
export const encodeAny = (type: string, json: ProtoJson): Uint8Array =>
  toBinary(AnySchema, { $typeName: 'google.protobuf.Any', typeUrl: `type.googleapis.com/${type}`, value: encode(type, json) });

/** Decodes into protobuf JSON with the field names of the .proto files. */
export const decode = (type: string, bytes: Uint8Array): ProtoJson =>
  toJson(schema(type), fromBinary(schema(type), bytes), { registry: registry(), useProtoFieldName: true }) as ProtoJson;

/** A text field of decoded JSON; empty when it is not set. */
export const textOf = (message: unknown, name: string): string => {
  const value = (message as ProtoJson | undefined)?.[name];
  return typeof value === 'string' ? value : '';
};
