import type { DocumentStore } from './port.ts';

/**
 * The store that the environment names: a libSQL file under `MESHSHIFT_DATA` (local runtime), else the DynamoDB table `MESHSHIFT_TABLE`.
 * @throws Error when neither is set.
 */
export async function openStore(env: Readonly<Record<string, string | undefined>>): Promise<DocumentStore> {
  if (env['MESHSHIFT_DATA'] !== undefined) return (await import('./libsql.ts')).openLibsqlStore(databasePath(env['MESHSHIFT_DATA']));
  if (env['MESHSHIFT_TABLE'] !== undefined) return (await import('./dynamodb.ts')).openDynamoStore(env['MESHSHIFT_TABLE']);
  throw new Error('no store: set MESHSHIFT_DATA (a folder) or MESHSHIFT_TABLE (a DynamoDB table)');
}

/** Loads what `openStore` will load on AWS. */
export async function prepareStore(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  if (env['MESHSHIFT_DATA'] === undefined && env['MESHSHIFT_TABLE'] !== undefined) await import('./dynamodb.ts');
}

/** Where the documents of a data folder are. */
export const databasePath = (dataFolder: string): string => `${dataFolder}/meshshift.db`;
