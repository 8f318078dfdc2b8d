import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { Certificate } from './port.ts';

/** PEM that no proxy could use. The message says what is wrong with it and quotes nothing of it. */
export class PemUnusable extends Error {
  override readonly name = 'PemUnusable';
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;
const PRIVATE_KEY = /-----BEGIN ((?:[A-Z]+ )?PRIVATE KEY)-----[\s\S]+?-----END \1-----/;

function attempt<T>(run: () => T, message: string): T {
  try {
    return run();
  } catch {
    // OpenSSL's own words may quote what they are about.
    throw new PemUnusable(message);
  }
}

/** What Envoy takes: RSA of at least 2,048 bits, and these curves. It refuses all secrets of an answer for one that it does not take. */
const CURVES: ReadonlySet<string | undefined> = new Set(['prime256v1', 'secp384r1', 'secp521r1']);

function checkKind({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject): void {
  if (asymmetricKeyType === 'rsa' && (details?.modulusLength ?? 0) >= 2048) return;
  if (asymmetricKeyType === 'ec' && CURVES.has(details?.namedCurve)) return;
  throw new PemUnusable('its key must be RSA of at least 2048 bits, or ECDSA by P-256, P-384 or P-521: Envoy takes no other');
}

/** Nothing but certificates is taken over: a key in the same file stays there. */
function readChain(pem: string): { readonly chain: string; readonly own: X509Certificate } {
  const blocks = pem.match(CERTIFICATE) ?? [];
  const [own] = blocks.map((block, index) => attempt(() => new X509Certificate(block), `certificate ${index + 1} of ${blocks.length} cannot be parsed`));
  if (own === undefined) throw new PemUnusable('holds no PEM certificate');
  return { chain: `${blocks.join('\n')}\n`, own };
}

function readKey(pem: string): { readonly text: string; readonly key: KeyObject } {
  const [text = '', label = ''] = PRIVATE_KEY.exec(pem) ?? [];
  if (text === '') throw new PemUnusable('holds no PEM private key');
  if (label.startsWith('ENCRYPTED') || text.includes('Proc-Type:')) throw new PemUnusable('the private key must not be encrypted: decrypt it with `openssl pkey`');
  return { text: `${text}\n`, key: attempt(() => createPrivateKey(text), 'the private key cannot be parsed') };
}

/**
 * A chain, and its key where there is one, as they are sent.
 * @throws PemUnusable
 */
export function parseCertificate(chainPem: string, keyPem: string | undefined): { readonly certificate: Certificate; readonly validTo: Date } {
  const { chain, own } = readChain(chainPem);
  const validTo = new Date(own.validTo);
  if (keyPem === undefined) return { certificate: { chain }, validTo };
  const { text, key } = readKey(keyPem);
  checkKind(key);
  if (!own.checkPrivateKey(key)) throw new PemUnusable('the private key is not that of the first certificate of the chain');
  return { certificate: { chain, privateKey: text }, validTo };
}
