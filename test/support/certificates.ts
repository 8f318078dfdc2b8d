import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './control-plane.ts';

/** PEM each. */
export interface Certificate {
  readonly certificate: string;
  readonly key: string;
}

export interface Authority extends Certificate {
  /** Path of the authority's own certificate. */
  readonly file: string;
  /** Issues a certificate; names as OpenSSL has them: `DNS:a.b`, `IP:127.0.0.1`, `URI:spiffe://…`. */
  issue(names: string): Certificate;
}

/** A certificate authority made by OpenSSL for one test. */
export function createAuthority(): Authority {
  const folder = temporaryFolder();
  const path = (name: string): string => join(folder, name);
  const openssl = (...words: string[]): void => void execFileSync('openssl', words, { cwd: folder, stdio: 'pipe' });
  const keyOptions = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const read = (name: string): Certificate => ({ certificate: readFileSync(path(`${name}.pem`), 'utf8'), key: readFileSync(path(`${name}.key`), 'utf8') });
  openssl('req', '-x509', ...keyOptions, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=test authority', '-days', '2');
  let issued = 0;
  return {
    ...read('ca'),
    file: path('ca.pem'),
    issue: (names) => {
      const name = `leaf${++issued}`;
      writeFileSync(path(`${name}.ext`), `subjectAltName=${names}\n`);
      openssl('req', '-new', ...keyOptions, '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`);
      openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.pem`, '-days', '2', '-extfile', `${name}.ext`);
      return read(name);
    },
  };
}
