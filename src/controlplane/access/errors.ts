/** Why a caller is turned away, in the names that AWS SDKs know. */
export type RefusalName =
  | 'MissingAuthenticationTokenException'
  | 'IncompleteSignatureException'
  | 'UnrecognizedClientException'
  | 'InvalidSignatureException'
  | 'ForbiddenException';

/** A caller who is not who it says (or does not say who it is), or who may not do this: `ForbiddenException`. Never holds a secret or a signature. */
export class AccessRefused extends Error {
  override readonly name: RefusalName;
  constructor(name: RefusalName, message: string) {
    super(message);
    this.name = name;
  }
}

export const incomplete = (message: string): AccessRefused => new AccessRefused('IncompleteSignatureException', message);
export const invalid = (message: string): AccessRefused => new AccessRefused('InvalidSignatureException', message);
export const forbidden = (message: string): AccessRefused => new AccessRefused('ForbiddenException', message);
export const unknownCaller = (): AccessRefused => new AccessRefused('UnrecognizedClientException', 'the access key or token is not one of this control plane');
export const missing = (): AccessRefused =>
  new AccessRefused('MissingAuthenticationTokenException', 'the request has no credentials: sign it with an access key of this control plane, or give a bearer token');

/** A list of access keys that cannot be used as it is. The message names the entry and the field, never its value. */
export class AccessKeysUnusable extends Error {
  override readonly name = 'AccessKeysUnusable';
}
