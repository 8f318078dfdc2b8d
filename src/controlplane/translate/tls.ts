import type { Resource } from '../model/resources.ts';
import { SDS_CLUSTER } from './names.ts';
import { any, compact, isAddress } from './proto.ts';
import { certificateSecret, trustSecret } from './secret-names.ts';
import type { ClientPolicyTls, ListenerTls } from './specs.ts';
import type { Port, Protocol, ProtoJson } from './types.ts';

type Certificate = ListenerTls['certificate'] | ClientPolicyTls['certificate'];
type Validation = NonNullable<ListenerTls['validation']> | ClientPolicyTls['validation'];

/** A secret that a local source hands out over the socket named by APPMESH_SDS_SOCKET_PATH. */
const secret = (name: string): ProtoJson => ({
  name,
  sds_config: {
    resource_api_version: 'V3',
    api_config_source: { api_type: 'GRPC', transport_api_version: 'V3', grpc_services: [{ envoy_grpc: { cluster_name: SDS_CLUSTER } }] },
  },
});

/** How long a listener or cluster waits for a secret that does not come, before it serves everything else. Envoy's own 15 s would hold up a whole sidecar. */
const SECRET_TIMEOUT = '5s';

/** A secret that the control plane itself hands out, over the stream that everything comes by. */
const ownSecret = (name: string): ProtoJson => ({ name, sds_config: { ads: {}, resource_api_version: 'V3', initial_fetch_timeout: SECRET_TIMEOUT } });

const file = (filename: string | undefined): ProtoJson => ({ filename });

const acmArnOf = (certificate: Certificate): string | undefined => (certificate !== undefined && 'acm' in certificate ? certificate.acm.certificateArn : undefined);

/** The proxy's own certificate. */
function certificateOf(certificate: Certificate): ProtoJson {
  const arn = acmArnOf(certificate);
  if (arn !== undefined) return { tls_certificate_sds_secret_configs: [ownSecret(certificateSecret(arn))] };
  if (certificate?.sds?.secretName !== undefined) return { tls_certificate_sds_secret_configs: [secret(certificate.sds.secretName)] };
  if (certificate?.file === undefined) return {};
  const { certificateChain, privateKey } = certificate.file;
  return { tls_certificates: [{ certificate_chain: file(certificateChain), private_key: file(privateKey) }] };
}

/** Envoy refuses a longer one. Names of hosts are shorter; those of Cloud Map, which are ASCII, need not be. */
const MAX_SNI = 255;

const sanType = (name: string): string => (name.includes('://') ? 'URI' : isAddress(name) ? 'IP_ADDRESS' : 'DNS');

/** Envoy compares a DNS name with a wildcard of the certificate as TLS does. */
const sanMatchers = (names: readonly string[]): readonly ProtoJson[] | undefined =>
  names.length === 0 ? undefined : names.map((name) => ({ san_type: sanType(name), matcher: { exact: name } }));

/** Where the trusted authorities come from, unless from a file. */
function trustSourceOf(trust: NonNullable<Validation>['trust']): ProtoJson | undefined {
  const arns = trust !== undefined && 'acm' in trust ? trust.acm.certificateAuthorityArns : undefined;
  if (arns !== undefined) return ownSecret(trustSecret(arns));
  return trust?.sds?.secretName === undefined ? undefined : secret(trust.sds.secretName);
}

function validationOf({ trust, subjectAlternativeNames }: NonNullable<Validation>, names: readonly string[]): ProtoJson {
  const matchers = { match_typed_subject_alt_names: sanMatchers(subjectAlternativeNames?.match?.exact ?? names) };
  const source = trustSourceOf(trust);
  if (source !== undefined) return { combined_validation_context: { default_validation_context: compact(matchers), validation_context_sds_secret_config: source } };
  return { validation_context: compact({ trusted_ca: file(trust?.file?.certificateChain), ...matchers }) };
}

const ALPN: Readonly<Record<Protocol, readonly string[] | undefined>> = { http: ['http/1.1'], http2: ['h2'], grpc: ['h2'], tcp: undefined };

/** The transport socket of a listener whose TLS mode is not DISABLED. A client's certificate is asked for where its validation is set. */
export const downstreamTls = ({ certificate, validation }: ListenerTls, protocol: Protocol): ProtoJson => ({
  name: 'envoy.transport_sockets.tls',
  typed_config: any(
    'extensions.transport_sockets.tls.v3.DownstreamTlsContext',
    compact({
      common_tls_context: compact({
        ...certificateOf(certificate),
        ...(validation === undefined ? {} : validationOf(validation, [])),
        alpn_protocols: protocol === 'tcp' ? undefined : ['h2', 'http/1.1'],
      }),
      require_client_certificate: validation === undefined ? undefined : true,
    }),
  ),
});

/** The name by which a node is discovered: App Mesh's default for the name in its certificate. */
export function discoveredName({ spec }: Resource<'virtualNode'>): string | undefined {
  const { dns, awsCloudMap } = spec.serviceDiscovery ?? {};
  if (dns?.hostname !== undefined) return dns.hostname.replace(/\.$/, '');
  return awsCloudMap === undefined ? undefined : `${awsCloudMap.serviceName ?? ''}.${awsCloudMap.namespaceName ?? ''}`;
}

const offersTls = (mode: string | undefined): boolean => mode === 'STRICT' || mode === 'PERMISSIVE';

const isForPort = ({ ports }: ClientPolicyTls, { port }: Port): boolean => ports === undefined || ports.length === 0 || ports.includes(port);

/**
 * How a caller speaks to a node's port (user guide, "How App Mesh configures Envoys to negotiate TLS"): by its client policy where that is enforced
 * for the port; else TLS where the node's listener offers it, and plain text where it does not. A policy that is not enforced still says whom to trust.
 */
export function upstreamTls(node: Resource<'virtualNode'>, port: Port, policy: ClientPolicyTls | undefined): ProtoJson | undefined {
  const offered = offersTls(node.spec.listeners?.find(({ portMapping }) => portMapping?.port === port.port)?.tls?.mode);
  const applies = policy !== undefined && isForPort(policy, port) ? policy : undefined;
  if (!offered && (applies === undefined || applies.enforce === false)) return undefined;
  const name = discoveredName(node);
  const trust = applies?.validation === undefined ? {} : validationOf(applies.validation, name === undefined ? [] : [name]);
  return {
    name: 'envoy.transport_sockets.tls',
    typed_config: any(
      'extensions.transport_sockets.tls.v3.UpstreamTlsContext',
      compact({
        common_tls_context: compact({ ...certificateOf(applies?.certificate), ...trust, alpn_protocols: ALPN[port.protocol] }),
        sni: name === undefined || isAddress(name) || name.length > MAX_SNI ? undefined : name,
      }),
    ),
  };
}
