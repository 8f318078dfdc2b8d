/** Where a spec names a certificate or authority of ACM. */
export interface AcmUse {
  readonly arn: string;
  /** Such as `spec.listeners[0].tls.certificate.acm.certificateArn`. */
  readonly field: string;
  /** A certificate is served with its private key; an authority is trusted. */
  readonly needsKey: boolean;
}

const known = new WeakMap<object, readonly AcmUse[]>();

function* walk(value: unknown, path: string): Generator<AcmUse> {
  if (typeof value !== 'object' || value === null) return;
  for (const [member, inner] of Object.entries(value)) {
    const at = Array.isArray(value) ? `${path}[${member}]` : `${path}.${member}`;
    if (member === 'certificateArn') yield { arn: String(inner), field: at, needsKey: true };
    else if (member === 'certificateAuthorityArns') yield* (inner as string[]).map((arn, index) => ({ arn, field: `${at}[${index}]`, needsKey: false }));
    else yield* walk(inner, at);
  }
}

/** Every ARN that a spec names, with its field. Found once per spec. */
export function acmUsesOf(spec: object): readonly AcmUse[] {
  const found = known.get(spec) ?? [...walk(spec, 'spec')];
  known.set(spec, found);
  return found;
}
