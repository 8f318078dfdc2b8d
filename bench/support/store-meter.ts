import type { Document, DocumentStore, Write } from '../../src/store/port.ts';

/** What DynamoDB bills for: request units. */
export interface Units {
  reads: number;
  writes: number;
}

/** A document's size as DynamoDB counts it, nearly: names and values. */
const bytesOf = ({ pk, sk, value }: { readonly pk: string; readonly sk: string; readonly value?: unknown }): number => 40 + pk.length + sk.length + Buffer.byteLength(JSON.stringify(value ?? null));

const KIB = 1024;
/** Consistent reads: one for each 4 KiB begun, and one for nothing. */
const readUnits = (documents: readonly Document[]): number => Math.max(1, Math.ceil(documents.reduce((sum, document) => sum + bytesOf(document), 0) / (4 * KIB)));
/** One for each KiB begun of what is written; twice that in a transaction, of which a lone write is none. */
const writeUnits = (writes: readonly Write[]): number => writes.reduce((sum, write) => sum + Math.ceil(bytesOf(write) / KIB), 0) * (writes.length > 1 ? 2 : 1);

/** Counts what is asked of a store, in place; `units` says whose each call is. */
export function meterStore(store: DocumentStore, units: () => Units): void {
  const [get, query, write] = [store.get.bind(store), store.query.bind(store), store.write.bind(store)];
  Object.assign(store, {
    get: async (key) => {
      const meter = units();
      const document = await get(key);
      meter.reads += readUnits(document === undefined ? [] : [document]);
      return document;
    },
    query: async (pk, options) => {
      const meter = units();
      const documents = await query(pk, options);
      meter.reads += readUnits(documents);
      return documents;
    },
    write: (writes) => {
      units().writes += writeUnits(writes);
      return write(writes);
    },
  } satisfies Pick<DocumentStore, 'get' | 'query' | 'write'>);
}
