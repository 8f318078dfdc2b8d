import type { LoggingFormat } from '@aws-sdk/client-app-mesh';
import { unless, type Finding, type Rule } from './finding.ts';

/** Envoy's command operators for access logs that need an argument, with what it must look like. */
const WITH_ARGUMENT: Readonly<Record<string, RegExp>> = {
  REQ: /^:?[\w-]+(?:\?:?[\w-]+)?$/,
  RESP: /^:?[\w-]+(?:\?:?[\w-]+)?$/,
  TRAILER: /^:?[\w-]+(?:\?:?[\w-]+)?$/,
  DYNAMIC_METADATA: /^[\w.:-]+$/,
  CLUSTER_METADATA: /^[\w.:-]+$/,
  FILTER_STATE: /^[\w.]+(?::(?:PLAIN|TYPED))?$/,
  ENVIRONMENT: /^\w+$/,
};

/** Those that may have a format of time. */
const WITH_TIME = new Set(['START_TIME', 'DOWNSTREAM_PEER_CERT_V_START', 'DOWNSTREAM_PEER_CERT_V_END']);

const PLAIN = new Set(
  `ACCESS_LOG_TYPE BYTES_RECEIVED BYTES_SENT CONNECTION_ID CONNECTION_TERMINATION_DETAILS DOWNSTREAM_DIRECT_LOCAL_ADDRESS DOWNSTREAM_DIRECT_REMOTE_ADDRESS
  DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_HEADER_BYTES_RECEIVED DOWNSTREAM_HEADER_BYTES_SENT DOWNSTREAM_LOCAL_ADDRESS
  DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT DOWNSTREAM_LOCAL_PORT DOWNSTREAM_LOCAL_SUBJECT DOWNSTREAM_LOCAL_URI_SAN DOWNSTREAM_PEER_FINGERPRINT_256
  DOWNSTREAM_PEER_ISSUER DOWNSTREAM_PEER_SERIAL DOWNSTREAM_PEER_SUBJECT DOWNSTREAM_PEER_URI_SAN DOWNSTREAM_REMOTE_ADDRESS
  DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT DOWNSTREAM_REMOTE_PORT DOWNSTREAM_TLS_CIPHER DOWNSTREAM_TLS_SESSION_ID DOWNSTREAM_TLS_VERSION
  DOWNSTREAM_TRANSPORT_FAILURE_REASON DOWNSTREAM_WIRE_BYTES_RECEIVED DOWNSTREAM_WIRE_BYTES_SENT DURATION FILTER_CHAIN_NAME GRPC_STATUS GRPC_STATUS_NUMBER HOSTNAME
  PROTOCOL REQUESTED_SERVER_NAME REQUEST_DURATION REQUEST_TX_DURATION RESPONSE_CODE RESPONSE_CODE_DETAILS RESPONSE_DURATION RESPONSE_FLAGS RESPONSE_TX_DURATION
  ROUTE_NAME STREAM_ID UNIQUE_ID UPSTREAM_CLUSTER UPSTREAM_HEADER_BYTES_RECEIVED UPSTREAM_HEADER_BYTES_SENT UPSTREAM_HOST
  UPSTREAM_LOCAL_ADDRESS UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT UPSTREAM_LOCAL_PORT UPSTREAM_PEER_CERT UPSTREAM_PEER_ISSUER UPSTREAM_PEER_SUBJECT UPSTREAM_PROTOCOL
  UPSTREAM_REMOTE_ADDRESS UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT UPSTREAM_REMOTE_PORT UPSTREAM_REQUEST_ATTEMPT_COUNT UPSTREAM_TLS_CIPHER UPSTREAM_TLS_SESSION_ID
  UPSTREAM_TLS_VERSION UPSTREAM_TRANSPORT_FAILURE_REASON UPSTREAM_WIRE_BYTES_RECEIVED UPSTREAM_WIRE_BYTES_SENT VIRTUAL_CLUSTER_NAME`
    .split(/\s+/),
);

const OPERATOR = /^%([A-Z0-9_]+)(?:\(([^)]*)\))?(?::(\d{1,4}))?%/;

/** Why the proxy would refuse a format, or undefined. */
function refusedFormat(format: string): string | undefined {
  for (let at = format.indexOf('%'); at >= 0; at = format.indexOf('%', at)) {
    const rest = format.slice(at);
    if (rest.startsWith('%%')) {
      at += 2;
      continue;
    }
    const [whole, name = '', argument] = OPERATOR.exec(rest) ?? [];
    if (whole === undefined) return 'must have whole command operators such as %RESPONSE_CODE% (a percent sign by itself is %%)';
    const needed = WITH_ARGUMENT[name];
    const isKnown = needed === undefined ? (PLAIN.has(name) && argument === undefined) || WITH_TIME.has(name) : needed.test(argument ?? '');
    if (!isKnown) return `must have known command operators, and ${whole} is none`;
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
