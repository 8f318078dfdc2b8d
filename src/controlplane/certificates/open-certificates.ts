import { readFile } from 'node:fs/promises';
import type { Log } from '../../contracts/log.ts';
import { messageOf } from '../../contracts/message-of.ts';
import { createListeners } from '../listeners.ts';
import type { After } from '../timers.ts';
import { parseCertificatesFile, type CertificateEntry } from './certificates-file.ts';
import { filesOf, loadCertificate, signatureOf } from './load.ts';
import { isMissing, type Certificate, type CertificateSource, type Missing } from './port.ts';

export interface CertificateFilesOptions {
  /** The mapping of ARNs to PEM files. */
  readonly file: string;
  /** Epoch milliseconds. */
  readonly clock: () => number;
  readonly after: After;
  readonly log: Log;
  /** How often the files are looked at. Default 1 s. */
  readonly intervalMs?: number;
}

export interface CertificateFiles extends CertificateSource {
  close(): void;
}

interface Known {
  readonly signature: string;
  readonly found: Certificate | Missing;
}

type KnownByArn = ReadonlyMap<string, Known>;

/**
 * Certificates from files, as a mapping names them. Both are looked at again and again, rather than watched: that holds on every file system, and
 * where a secret is mounted by links. What cannot be used (half of a pair is written, say) leaves the former certificate in place.
 * @throws InvalidInput or the file system's error for a mapping that cannot be used when it is opened; a PEM file that cannot is only missing.
 */
export async function openCertificateFiles({ file, clock, after, intervalMs = 1_000, ...options }: CertificateFilesOptions): Promise<CertificateFiles> {
  const listeners = createListeners<[arns: readonly string[]]>();
  const readMapping = async (): Promise<CertificateEntry[]> => parseCertificatesFile(await readFile(file, 'utf8'), file);
  let mappingSignature = await signatureOf([file]);
  let entries = await readMapping();
  let known: KnownByArn = new Map();
  let closed = false;
  let cancel = (): void => undefined;
  /** A round that is under way when this is closed says nothing more. */
  const log: Log = (...line) => (closed ? undefined : options.log(...line));

  const failed = (arn: string, error: unknown, before: Certificate | Missing | undefined): Certificate | Missing => {
    const reason = messageOf(error);
    const isServed = before !== undefined && !isMissing(before);
    log('error', 'a certificate cannot be used', { arn, reason, consequence: isServed ? 'the former one stays' : 'TLS that needs it fails' });
    return isServed ? { ...before, problem: reason } : { missing: `${reason}; the mapping ${file} names it` };
  };

  const look = async (entry: CertificateEntry): Promise<Known> => {
    const before = known.get(entry.arn);
    const paths = filesOf(entry);
    const signature = `${paths.join(' ')} ${await signatureOf(paths)}`;
    if (before?.signature === signature) return before;
    return { signature, found: await loadCertificate(entry, { clock, log }).catch((error: unknown) => failed(entry.arn, error, before?.found)) };
  };

  const refreshMapping = async (): Promise<void> => {
    const signature = await signatureOf([file]);
    if (signature === mappingSignature) return;
    mappingSignature = signature;
    try {
      entries = await readMapping();
    } catch (error) {
      log('error', 'the mapping of certificates cannot be used; the former one holds', { file, reason: messageOf(error) });
    }
  };

  const refresh = async (): Promise<void> => {
    const next = new Map(await Promise.all(entries.map(async (entry) => [entry.arn, await look(entry)] as const)));
    const before = known;
    known = next;
    const changed = [...new Set([...before.keys(), ...next.keys()])].filter((arn) => JSON.stringify(before.get(arn)?.found) !== JSON.stringify(next.get(arn)?.found));
    if (changed.length > 0 && !closed) listeners.tell(changed);
  };

  const round = async (): Promise<void> => {
    await refreshMapping();
    await refresh();
  };

  const schedule = (): void => {
    if (closed) return;
    cancel = after(intervalMs, () => {
      round()
        .catch((error: unknown) => log('error', 'certificates could not be looked at', { file, reason: messageOf(error) }))
        .finally(schedule);
    });
  };

  await refresh();
  schedule();
  return {
    of: (arn) => known.get(arn)?.found ?? { missing: `the mapping ${file} does not name it: add { arn, certificateChain, privateKey } with the PEM files` },
    onChange: listeners.add,
    close: () => {
      closed = true;
      cancel();
    },
  };
}
