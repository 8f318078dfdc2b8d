/** PEM: certificates, the own one first, and the private key that belongs to it. An authority has no key here. */
export interface Certificate {
  readonly chain: string;
  readonly privateKey?: string;
  /** Why this is not the newest: what would replace it cannot be used. */
  readonly problem?: string;
}

/** A certificate that is not there: why, and how to provide it. Never holds any of its content. */
export interface Missing {
  readonly missing: string;
}

/**
 * Certificates by the ARNs under which specs name them (`certificate.acm`, `trust.acm`). Asked whenever a configuration is built; a source that
 * has to fetch first answers Missing and tells of the change later.
 */
export interface CertificateSource {
  of(arn: string): Certificate | Missing;
  /** Calls back with the ARNs of which something changed; returns how to stop. */
  onChange(listener: (arns: readonly string[]) => void): () => void;
}

export const isMissing = (found: Certificate | Missing): found is Missing => 'missing' in found;

/** A certificate with its key; one that is mapped without is as good as missing. */
export function keyPairOf(source: CertificateSource, arn: string): (Certificate & { readonly privateKey: string }) | Missing {
  const found = source.of(arn);
  if (isMissing(found)) return found;
  const { privateKey } = found;
  return privateKey === undefined ? { missing: 'it is mapped without a private key: add privateKey to its entry' } : { ...found, privateKey };
}

/** Has none. */
export const noCertificates: CertificateSource = {
  of: () => ({ missing: 'no certificates are mapped; map the ARN to PEM files with `meshshift up --certificates FILE` (docs/certificates.md)' }),
  onChange: () => () => undefined,
};

/** The same certificates, and no private key: what cannot be sent to a proxy in secret is not sent at all. */
export const withoutKeys = (source: CertificateSource, why: string): CertificateSource => ({
  of: (arn) => {
    const found = source.of(arn);
    return isMissing(found) || found.privateKey === undefined ? found : { missing: why };
  },
  onChange: (listener) => source.onChange(listener),
});
