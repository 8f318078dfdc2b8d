import { isMissing, keyPairOf, type CertificateSource } from '../certificates/port.ts';
import { neededFor } from '../translate/secret-names.ts';
import type { ProtoJson, ProxyResources } from '../translate/types.ts';

/** A certificate or authority that a configuration needs and that is not there. TLS that needs it fails. */
export interface MissingSecret {
  readonly arn: string;
  readonly reason: string;
}

/** The names of secrets that come over the aggregated stream, by who waits for them. */
export interface SecretNames {
  readonly cluster: ReadonlySet<string>;
  readonly listener: ReadonlySet<string>;
}

interface SecretConfig {
  readonly name: string;
  readonly sds_config: { readonly ads?: object };
}

interface WithTls {
  readonly transport_socket?: {
    readonly typed_config?: {
      readonly common_tls_context?: {
        readonly tls_certificate_sds_secret_configs?: readonly SecretConfig[];
        readonly combined_validation_context?: { readonly validation_context_sds_secret_config: SecretConfig };
      };
    };
  };
}

function namesIn({ transport_socket }: WithTls): string[] {
  const { tls_certificate_sds_secret_configs: own = [], combined_validation_context: trust } = transport_socket?.typed_config?.common_tls_context ?? {};
  const configs = trust === undefined ? own : [...own, trust.validation_context_sds_secret_config];
  return configs.filter(({ sds_config }) => sds_config.ads !== undefined).map(({ name }) => name);
}

/** The secrets that a translation names. */
export function secretNamesOf({ cluster, listener }: ProxyResources): SecretNames {
  const chains = [...listener.values()].flatMap((one) => (one['filter_chains'] as readonly WithTls[] | undefined) ?? []);
  return { cluster: new Set([...cluster.values()].flatMap(namesIn)), listener: new Set(chains.flatMap(namesIn)) };
}

const inline = (pem: string): ProtoJson => ({ inline_string: pem });

/** Fills secrets in from where certificates are, and notes what was asked for and what was not there. */
export interface SecretFiller {
  fill(name: string): ProtoJson | undefined;
  readonly asked: ReadonlySet<string>;
  readonly missing: readonly MissingSecret[];
}

export function secretFiller(source: CertificateSource): SecretFiller {
  const asked = new Set<string>();
  const missing: MissingSecret[] = [];

  const certificate = (name: string, arn: string): ProtoJson | undefined => {
    asked.add(arn);
    const found = keyPairOf(source, arn);
    if (!isMissing(found)) return { name, tls_certificate: { certificate_chain: inline(found.chain), private_key: inline(found.privateKey) } };
    missing.push({ arn, reason: found.missing });
    return undefined;
  };

  /** Of several authorities those that are there are trusted: who comes with a certificate of another is refused, as it must be. */
  const trust = (name: string, arns: readonly string[]): ProtoJson | undefined => {
    const chains = arns.flatMap((arn) => {
      asked.add(arn);
      const found = source.of(arn);
      if (!isMissing(found)) return [found.chain];
      missing.push({ arn, reason: found.missing });
      return [];
    });
    return chains.length === 0 ? undefined : { name, validation_context: { trusted_ca: inline(chains.join('')) } };
  };

  return {
    asked,
    missing,
    fill: (name) => {
      const needed = neededFor(name);
      return 'certificate' in needed ? certificate(name, needed.certificate) : trust(name, needed.authorities);
    },
  };
}

/** Every secret that is named and there. */
export function fillSecrets({ cluster, listener }: SecretNames, filler: SecretFiller): ReadonlyMap<string, ProtoJson> {
  const names = [...new Set([...cluster, ...listener])];
  return new Map(names.flatMap((name) => {
    const secret = filler.fill(name);
    return secret === undefined ? [] : [[name, secret] as const];
  }));
}
