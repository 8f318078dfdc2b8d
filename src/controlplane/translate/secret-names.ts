/** What a secret that comes over the aggregated stream is made of: a certificate with its key, or the authorities that are trusted. */
export type NeededSecret = { readonly certificate: string } | { readonly authorities: readonly string[] };

const TRUST = 'trust:';

/** A certificate's secret is named by its ARN. */
export const certificateSecret = (arn: string): string => arn;

/** Authorities that are trusted together are one secret. The prefix tells it from a certificate's of the same ARN; no ARN has a comma. */
export const trustSecret = (arns: readonly string[]): string => `${TRUST}${arns.join(',')}`;

/** What the secret of a name is made of: its name says it all, so that nothing else need be carried along. */
export const neededFor = (name: string): NeededSecret =>
  name.startsWith(TRUST) ? { authorities: name.slice(TRUST.length).split(',') } : { certificate: name };
