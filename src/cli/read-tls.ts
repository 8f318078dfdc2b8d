import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Tls } from '../controlplane/xds/server.ts';
import { misuse } from './errors.ts';

const readPem = async (source: string): Promise<string> => (source.includes('-----BEGIN ') ? source : await readFile(resolve(source), 'utf8'));

/**
 * What a command that serves shows its callers, and asks of them; each of it a file, or PEM itself.
 * @throws UsageError for half of a pair
 */
export async function readTls(words: string, given: (option: 'tls-certificate' | 'tls-key' | 'tls-clients') => string | undefined): Promise<Tls | undefined> {
  const [certificate, key, clients] = [given('tls-certificate'), given('tls-key'), given('tls-clients')];
  if (certificate === undefined && key === undefined && clients === undefined) return undefined;
  if (certificate === undefined || key === undefined) throw misuse(words, '--tls-certificate and --tls-key: must be given together');
  return { certificate: await readPem(certificate), key: await readPem(key), ...(clients === undefined ? {} : { clientAuthorities: await readPem(clients) }) };
}
