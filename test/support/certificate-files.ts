import { chmodSync, copyFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../src/contracts/log.ts';
import { openCertificateFiles, type CertificateFiles } from '../../src/controlplane/certificates/open-certificates.ts';
import { read, type Certificate } from './certificates.ts';
import { manualTimers } from './manual-timers.ts';

export const arnOf = (name: string): string => `arn:aws:acm:eu-central-1:123456789012:certificate/${name}`;
export const authorityArnOf = (name: string): string => `arn:aws:acm-pca:eu-central-1:123456789012:certificate-authority/${name}`;

/** A folder of PEM files with their mapping, as an operator keeps it. */
export interface CertificateFolder {
  readonly folder: string;
  readonly file: string;
  /** Writes (or replaces) the files of a certificate, and maps its ARN to them. */
  put(name: string, certificate: Certificate): void;
  /** As `put`, of an authority. */
  putAuthority(name: string, ...files: readonly string[]): void;
  /** Opens the mapping; `look` lets the files be looked at once more. */
  open(log: Log, clock?: () => number): Promise<{ readonly source: CertificateFiles; readonly look: () => void }>;
  dispose(): void;
}

export function createCertificateFolder(): CertificateFolder {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-certificates-'));
  const at = (name: string): string => join(folder, name);
  const file = at('certificates.yaml');
  const entries = new Map<string, { arn: string; certificateChain: string; privateKey?: string }>();
  const replace = (path: string, write: (temporary: string) => void): void => {
    write(`${path}.new`);
    renameSync(`${path}.new`, path);
  };
  const save = (): void => replace(file, (path) => writeFileSync(path, JSON.stringify({ certificates: [...entries.values()] })));
  save();
  return {
    folder,
    file,
    put: (name, { certificateChain, privateKey }) => {
      replace(at(`${name}.key`), (path) => {
        copyFileSync(privateKey, path);
        chmodSync(path, 0o600);
      });
      replace(at(`${name}.pem`), (path) => copyFileSync(certificateChain, path));
      entries.set(arnOf(name), { arn: arnOf(name), certificateChain: `${name}.pem`, privateKey: `${name}.key` });
      save();
    },
    putAuthority: (name, ...files) => {
      replace(at(`${name}.pem`), (path) => writeFileSync(path, files.map(read).join('')));
      entries.set(authorityArnOf(name), { arn: authorityArnOf(name), certificateChain: `${name}.pem` });
      save();
    },
    open: async (log, clock = Date.now) => {
      const timers = manualTimers();
      const source = await openCertificateFiles({ file, clock, after: timers.after, log });
      return { source, look: () => timers.pass(1_000) };
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
