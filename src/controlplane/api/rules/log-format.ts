import type { LoggingFormat } from '@aws-sdk/client-app-mesh';
import { unless, type Finding, type Rule } from './finding.ts';

/** What an operator may have in parentheses, and whether a length may follow (`%REQ(X-A):10%`). */
interface Form {
  readonly argument: RegExp;
  /** It may also stand without an argument. */
  readonly bare?: true;
  readonly length?: true;
}

const HEADER: Form = { argument: /^:?[\w.-]+(?:\?:?[\w.-]+)?$/, length: true };
const KEYS: Form = { argument: /^[\w.:-]+$/ };
const TIME: Form = { argument: /^[^\r\n\0]*$/, bare: true };
const STATE: Form = { argument: /^[\w.-]+(?::(?:PLAIN|TYPED|FIELD:\w+))?$/, length: true };
const BARE: Form = { argument: /^$/, bare: true };

/** Names of one form. */
const all = (form: Form, names: string): [string, Form][] => names.trim().split(/\s+/).map((name) => [name, form]);

/** Envoy 1.40's command operators of access logs, as it takes them (each was tried on it). */
const OPERATORS: ReadonlyMap<string, Form> = new Map([
  ...all(HEADER, 'REQ RESP TRAILER REQUEST_HEADER RESPONSE_HEADER RESPONSE_TRAILER'),
  ...all({ ...KEYS, length: true }, 'DYNAMIC_METADATA QUERY_PARAM ENVIRONMENT'),
  ...all(KEYS, 'CLUSTER_METADATA UPSTREAM_METADATA'),
  ...all(STATE, 'FILTER_STATE UPSTREAM_FILTER_STATE'),
  ...all(TIME, 'START_TIME START_TIME_LOCAL EMIT_TIME EMIT_TIME_LOCAL'),
  ...all(TIME, 'DOWNSTREAM_PEER_CERT_V_START DOWNSTREAM_PEER_CERT_V_END UPSTREAM_PEER_CERT_V_START UPSTREAM_PEER_CERT_V_END'),
  ...all({ argument: /^\w+:\w+(?::(?:ms|us|ns))?$/ }, 'COMMON_DURATION'),
  ...all({ argument: /^(?:WQ|NQ)(?::(?:ORIG|PATH|ORIG_OR_PATH))?$/, bare: true, length: true }, 'PATH'),
  ...all({ argument: /^ORIG$/, bare: true, length: true }, 'QUERY_PARAMS'),
  ...all({ argument: /^ALLOW_WHITESPACES$/, bare: true }, 'RESPONSE_CODE_DETAILS'),
  ...all(
    BARE,
    `ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_RETRANSMITTED BYTES_SENT CONNECTION_ID CONNECTION_TERMINATION_DETAILS CUSTOM_FLAGS DOWNSTREAM_CX_RTT
    DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED DOWNSTREAM_DECOMPRESSED_HEADER_BYTES_SENT DOWNSTREAM_DETECTED_CLOSE_TYPE DOWNSTREAM_DIRECT_LOCAL_ADDRESS
    DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_DIRECT_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_DIRECT_LOCAL_PORT DOWNSTREAM_DIRECT_REMOTE_ADDRESS
    DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_DIRECT_REMOTE_PORT DOWNSTREAM_HANDSHAKE_DURATION DOWNSTREAM_HEADER_BYTES_RECEIVED
    DOWNSTREAM_HEADER_BYTES_SENT DOWNSTREAM_LOCAL_ADDRESS DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_LOCAL_CLOSE_REASON
    DOWNSTREAM_LOCAL_DNS_SAN DOWNSTREAM_LOCAL_EMAIL_SAN DOWNSTREAM_LOCAL_IP_SAN DOWNSTREAM_LOCAL_OTHERNAME_SAN DOWNSTREAM_LOCAL_PORT DOWNSTREAM_LOCAL_SUBJECT
    DOWNSTREAM_LOCAL_URI_SAN DOWNSTREAM_PEER_CERT DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1 DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256 DOWNSTREAM_PEER_CHAIN_SERIALS
    DOWNSTREAM_PEER_DNS_SAN DOWNSTREAM_PEER_EMAIL_SAN DOWNSTREAM_PEER_FINGERPRINT_1 DOWNSTREAM_PEER_FINGERPRINT_256 DOWNSTREAM_PEER_IP_SAN DOWNSTREAM_PEER_ISSUER
    DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256 DOWNSTREAM_PEER_ISSUER_SERIAL DOWNSTREAM_PEER_OTHERNAME_SAN DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_SUBJECT
    DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_REMOTE_ADDRESS DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_REMOTE_PORT DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_GROUP
    DOWNSTREAM_TLS_SESSION_ID DOWNSTREAM_TLS_VERSION DOWNSTREAM_TRANSPORT_FAILURE_REASON DOWNSTREAM_WIRE_BYTES_RECEIVED DOWNSTREAM_WIRE_BYTES_SENT DURATION
    FILTER_CHAIN_NAME GRPC_STATUS GRPC_STATUS_NUMBER HOSTNAME LISTENER_NAME LOCAL_REPLY_BODY PACKETS_RETRANSMITTED PROTOCOL REQUESTED_SERVER_NAME REQUEST_DURATION
    REQUEST_HEADERS_BYTES REQUEST_TX_DURATION RESPONSE_CODE RESPONSE_DURATION RESPONSE_FLAGS RESPONSE_FLAGS_LONG RESPONSE_HEADERS_BYTES RESPONSE_TRAILERS_BYTES
    RESPONSE_TX_DURATION ROUNDTRIP_DURATION ROUTE_NAME ROUTE_RESOLUTION_COUNT ROUTE_RESOLUTION_TIME_US SPAN_ID STREAM_ID TLS_JA3_FINGERPRINT TLS_JA4_FINGERPRINT
    TRACE_ID UNIQUE_ID UPSTREAM_CLUSTER UPSTREAM_CLUSTER_RAW UPSTREAM_CONNECTION_ID UPSTREAM_CONNECTION_IDS_ATTEMPTED UPSTREAM_CONNECTION_POOL_READY_DURATION
    UPSTREAM_DECOMPRESSED_HEADER_BYTES_RECEIVED UPSTREAM_DECOMPRESSED_HEADER_BYTES_SENT UPSTREAM_DETECTED_CLOSE_TYPE UPSTREAM_HEADER_BYTES_RECEIVED
    UPSTREAM_HEADER_BYTES_SENT UPSTREAM_HOST UPSTREAM_HOSTS_ATTEMPTED UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT UPSTREAM_HOST_NAME UPSTREAM_HOST_NAMES_ATTEMPTED
    UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT UPSTREAM_HOST_NAME_WITHOUT_PORT UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT UPSTREAM_LOCAL_CLOSE_REASON
    UPSTREAM_LOCAL_DNS_SAN UPSTREAM_LOCAL_IP_SAN UPSTREAM_LOCAL_PORT UPSTREAM_LOCAL_URI_SAN UPSTREAM_PEER_CERT UPSTREAM_PEER_DNS_SAN UPSTREAM_PEER_IP_SAN
    UPSTREAM_PEER_ISSUER UPSTREAM_PEER_SUBJECT UPSTREAM_PEER_URI_SAN UPSTREAM_PROTOCOL UPSTREAM_REMOTE_ADDRESS UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID
    UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT UPSTREAM_REMOTE_PORT UPSTREAM_REQUEST_ATTEMPT_COUNT UPSTREAM_SERVER_NAME UPSTREAM_TLS_CIPHER UPSTREAM_TLS_GROUP
    UPSTREAM_TLS_SESSION_ID UPSTREAM_TLS_VERSION UPSTREAM_TRANSPORT_FAILURE_REASON UPSTREAM_WIRE_BYTES_RECEIVED UPSTREAM_WIRE_BYTES_SENT VIRTUAL_CLUSTER_NAME`,
  ),
]);

/** Their names. */
export const OPERATOR_NAMES: readonly string[] = [...OPERATORS.keys()];

const OPERATOR = /^%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::(\d{1,5}))?%/;

function isKnown(name: string, argument: string | undefined, length: string | undefined): boolean {
  const form = OPERATORS.get(name);
  if (form === undefined || (length !== undefined && form.length !== true)) return false;
  return argument === undefined ? form.bare === true : form.argument.test(argument) && form !== BARE;
}

/** Why the proxy would refuse a format, or undefined. */
function refusedFormat(format: string): string | undefined {
  for (let at = format.indexOf('%'); at >= 0; at = format.indexOf('%', at)) {
    const rest = format.slice(at);
    if (rest.startsWith('%%')) {
      at += 2;
      continue;
    }
    const [whole, name = '', argument, length] = OPERATOR.exec(rest) ?? [];
    if (whole === undefined) return 'must have whole command operators such as %RESPONSE_CODE% (a percent sign by itself is %%)';
    if (!isKnown(name, argument, length)) return `must have known command operators, and ${whole} is none`;
    at += whole.length;
  }
  return undefined;
}

const findingOf = (at: string, format: string): Finding[] => {
  const refused = refusedFormat(format);
  return unless(refused === undefined, at, refused ?? '', format);
};

/** A format the proxy does not know makes it refuse its listeners. */
export const logFormatRule: Rule<LoggingFormat> = ({ text, json }) => [
  ...(text === undefined ? [] : findingOf('text', text)),
  ...(json ?? []).flatMap(({ value = '' }, index) => findingOf(`json[${index}].value`, value)),
];
