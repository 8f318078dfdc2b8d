import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Keeps task tokens from being read at rest. `owner` binds a ciphertext to its rollout. */
export interface TokenCipher {
  seal(token: string, owner: string): string;
  /** @throws Error when the text was sealed with another key or for another owner. */
  open(sealed: string, owner: string): string;
}

const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;
const SEALED = 'aes-256-gcm:';

/** The table's own encryption (KMS) keeps them then. */
const plain: TokenCipher = { seal: (token) => token, open: (sealed) => sealed };

/**
 * AES-256-GCM with a key of 32 bytes (base64 if a string); without a key, tokens stay as they are.
 * @throws Error for a key of another length.
 */
export function openTokenCipher(key: string | Uint8Array | undefined): TokenCipher {
  if (key === undefined || key.length === 0) return plain;
  const secret = typeof key === 'string' ? Buffer.from(key, 'base64') : Buffer.from(key);
  if (secret.length !== KEY_BYTES) throw new Error(`the token key must have ${KEY_BYTES} bytes in base64, not ${secret.length}`);
  return {
    seal: (token, owner) => {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', secret, iv, { authTagLength: TAG_BYTES }).setAAD(Buffer.from(owner));
      const text = Buffer.concat([cipher.update(token, 'utf8'), cipher.final()]);
      return SEALED + Buffer.concat([iv, cipher.getAuthTag(), text]).toString('base64');
    },
    open: (sealed, owner) => {
      if (!sealed.startsWith(SEALED)) throw new Error('the token is not sealed with the key in use');
      const bytes = Buffer.from(sealed.slice(SEALED.length), 'base64');
      const decipher = createDecipheriv('aes-256-gcm', secret, bytes.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES }).setAAD(Buffer.from(owner));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}
