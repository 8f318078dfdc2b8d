import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate with its key, as PEM files. */
export interface Certificate {
  readonly certificateChain: string;
  readonly privateKey: string;
}

/** An authority of its own, for one test. */
export interface Authority {
  /** The file of its own certificate. */
  readonly file: string;
  /** Issues a certificate for a DNS name or URI. */
  issue(name: string): Certificate;
  dispose(): void;
}

/** Whether certificates can be made here. */
export const hasOpenssl = spawnSync('openssl', ['version'], { stdio: 'ignore' }).status === 0;

const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { stdio: 'pipe' });
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export const read = (file: string): string => readFileSync(file, 'utf8');

/** Makes an authority whose files live in a folder of their own. */
export function createAuthority(name = 'authority'): Authority {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-ca-'));
  const at = (file: string): string => join(folder, file);
  openssl('req', '-x509', ...KEY, '-days', '2', '-subj', `/CN=${name}`, '-keyout', at('ca.key'), '-out', at('ca.pem'));
  let count = 0;
  return {
    file: at('ca.pem'),
    issue: (subject) => {
      const stem = `leaf-${++count}`;
      const names = subject.includes('://') ? `URI:${subject}` : `DNS:${subject}`;
      writeFileSync(at(`${stem}.cnf`), `subjectAltName=${names}\n`);
      openssl('req', '-new', ...KEY, '-subj', `/CN=${stem}`, '-keyout', at(`${stem}.key`), '-out', at(`${stem}.csr`));
      openssl('x509', '-req', '-in', at(`${stem}.csr`), '-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial', '-days', '2', '-extfile', at(`${stem}.cnf`), '-out', at(`${stem}.pem`));
      return { certificateChain: at(`${stem}.pem`), privateKey: at(`${stem}.key`) };
    },
    dispose: () => rmSync(folder, { recursive: true, force: true }),
  };
}
