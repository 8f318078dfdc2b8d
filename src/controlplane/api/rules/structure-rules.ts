import type { DnsServiceDiscovery } from '@aws-sdk/client-app-mesh';
import { KINDS } from '../kinds.ts';
import { absolutePath, allOf, atMostOne, exactlyOne, notEmpty, type Finding, type Rule } from './finding.ts';
import { authoritiesRule, certificateRule } from './acm-rules.ts';
import { cloudMapRule, hostMatchRule, hostnameRule } from './host-rules.ts';
import {
  discoveryRule,
  durationRule,
  gatewayListenerRule,
  healthCheckRule,
  listenerRule,
  needsListener,
  outlierRule,
  uniquePorts,
} from './listener-rules.ts';
import { logFormatRule } from './log-format.ts';
import { backendRule, nameRule, serviceNameRule, tagsRule, tokenRule } from './name-rules.ts';
import { grpcMatchRule, headerNameRule, rangeRule, regexRule, retryRule, weightsRule } from './route-rules.ts';

/** Rules of every create and update: the name is checked where it is given, afterwards it either exists or not. */
const inputRules: readonly (readonly [string, Rule<never>])[] = Object.values(KINDS).flatMap(({ kind, noun, nameMember }) => [
  [`Create${noun}Input`, allOf<object>(nameRule(nameMember), tokenRule, tagsRule, ...(kind === 'virtualService' ? [serviceNameRule] : []))],
  [`Update${noun}Input`, tokenRule],
]);

const httpMatch = allOf<object>(atMostOne('prefix', 'path'), absolutePath('prefix'));

/**
 * What the model's traits do not say: by structure of the model, so that a rule holds wherever the structure is used. They are what App Mesh's
 * documentation states, and what keeps every accepted spec one that the proxy accepts. Rules that need other resources are in relations.ts.
 */
const RULES: ReadonlyMap<string, Rule<never>> = new Map<string, Rule<never>>([
  ...inputRules,
  ['TagResourceInput', tagsRule],
  ['VirtualNodeSpec', allOf(discoveryRule, uniquePorts)],
  ['VirtualRouterSpec', uniquePorts],
  ['VirtualGatewaySpec', allOf(needsListener, uniquePorts)],
  ['RouteSpec', exactlyOne('httpRoute', 'http2Route', 'grpcRoute', 'tcpRoute')],
  ['GatewayRouteSpec', exactlyOne('httpRoute', 'http2Route', 'grpcRoute')],
  ['Listener', listenerRule],
  ['VirtualGatewayListener', gatewayListenerRule],
  ['HealthCheckPolicy', healthCheckRule],
  ['VirtualGatewayHealthCheckPolicy', healthCheckRule],
  ['OutlierDetection', outlierRule],
  ['Duration', durationRule],
  ['DnsServiceDiscovery', allOf<DnsServiceDiscovery>(notEmpty('hostname', 255), hostnameRule)],
  ['AwsCloudMapServiceDiscovery', cloudMapRule],
  ['LoggingFormat', logFormatRule],
  ['ListenerTlsAcmCertificate', certificateRule],
  ['VirtualGatewayListenerTlsAcmCertificate', certificateRule],
  ['TlsValidationContextAcmTrust', authoritiesRule],
  ['VirtualGatewayTlsValidationContextAcmTrust', authoritiesRule],
  ['ListenerTlsSdsCertificate', notEmpty('secretName')],
  ['VirtualGatewayListenerTlsSdsCertificate', notEmpty('secretName')],
  ['TlsValidationContextSdsTrust', notEmpty('secretName')],
  ['VirtualGatewayTlsValidationContextSdsTrust', notEmpty('secretName')],
  ['VirtualServiceBackend', allOf<object>(notEmpty('virtualServiceName', 255), backendRule)],
  ['HttpRouteAction', weightsRule],
  ['GrpcRouteAction', weightsRule],
  ['TcpRouteAction', weightsRule],
  ['HttpRetryPolicy', retryRule],
  ['GrpcRetryPolicy', retryRule],
  ['HttpRouteMatch', httpMatch],
  ['HttpGatewayRouteMatch', httpMatch],
  ['HttpPathMatch', allOf<object>(exactlyOne('exact', 'regex'), absolutePath('exact'), regexRule)],
  ['HttpQueryParameter', notEmpty('name')],
  ['GrpcRouteMatch', allOf(grpcMatchRule, notEmpty('serviceName'))],
  ['GrpcGatewayRouteMatch', notEmpty('serviceName')],
  ['HttpRouteHeader', headerNameRule],
  ['HttpGatewayRouteHeader', headerNameRule],
  ['GrpcRouteMetadata', headerNameRule],
  ['GrpcGatewayRouteMetadata', headerNameRule],
  ['HeaderMatchMethod', regexRule],
  ['GrpcRouteMetadataMatchMethod', regexRule],
  ['GrpcMetadataMatchMethod', regexRule],
  ['MatchRange', rangeRule],
  ['GatewayRouteHostnameMatch', allOf<object>(exactlyOne('exact', 'suffix'), hostMatchRule)],
  ['HttpGatewayRouteRewrite', atMostOne('prefix', 'path')],
  ['HttpGatewayRoutePathRewrite', absolutePath('exact')],
  ['HttpGatewayRoutePrefixRewrite', allOf<object>(exactlyOne('defaultPrefix', 'value'), absolutePath('value'))],
]);

/** What the rules of a structure find wrong with a value of it. */
export const findingsOf = (structure: string, value: object): Finding[] => (RULES.get(structure) as Rule<object> | undefined)?.(value) ?? [];
