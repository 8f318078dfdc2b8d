import { readFile, stat } from 'node:fs/promises';
import type { Log } from '../../contracts/log.ts';
import type { CertificateEntry } from './certificates-file.ts';
import { parseCertificate, PemUnusable } from './pem.ts';
import type { Certificate } from './port.ts';

/** Group's and others' rights to write, and others' to read: whoever has them could change the key, or have it. */
const TOO_OPEN = 0o027;

/** Changes with every change of the files, also where a link comes to lead elsewhere; a file that cannot be looked at shows why. */
export async function signatureOf(paths: readonly string[]): Promise<string> {
  const signatures = paths.map(async (path) => {
    try {
      const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true });
      return [dev, ino, size, mtimeNs].join(':');
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code);
    }
  });
  return (await Promise.all(signatures)).join(' ');
}

export const filesOf = ({ certificateChain, privateKey }: CertificateEntry): string[] => [certificateChain, ...(privateKey === undefined ? [] : [privateKey])];

async function read(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new PemUnusable(`${path}: ${(cause as NodeJS.ErrnoException).code ?? 'cannot be read'}`, { cause });
  }
}

async function warnOfRights(arn: string, path: string, log: Log): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & TOO_OPEN) === 0) return;
  log('warn', 'a private key can be read or changed by others than its owner', { arn, file: path, mode: (mode & 0o777).toString(8), remedy: `chmod 600 ${path}` });
}

export interface LoadOptions {
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly log: Log;
}

/**
 * Reads and checks the files of an ARN.
 * @throws PemUnusable naming the file and what is wrong, and nothing of its content
 */
export async function loadCertificate({ arn, certificateChain, privateKey }: CertificateEntry, { clock, log }: LoadOptions): Promise<Certificate> {
  const [chain, key] = [await read(certificateChain), privateKey === undefined ? undefined : await read(privateKey)];
  try {
    const { certificate, validTo } = parseCertificate(chain, key);
    if (validTo.getTime() < clock()) log('warn', 'a certificate has expired', { arn, file: certificateChain, on: validTo.toISOString() });
    if (privateKey !== undefined) await warnOfRights(arn, privateKey, log);
    return certificate;
  } catch (error) {
    if (!(error instanceof PemUnusable)) throw error;
    throw new PemUnusable(`${[certificateChain, privateKey].filter((path) => path !== undefined).join(', ')}: ${error.message}`, { cause: error });
  }
}
