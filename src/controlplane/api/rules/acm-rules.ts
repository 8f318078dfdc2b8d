import type { ListenerTlsAcmCertificate, TlsValidationContextAcmTrust } from '@aws-sdk/client-app-mesh';
import { ARN, ARN_RULE } from '../../model/arn.ts';
import { unless, type Rule } from './finding.ts';

/** What an ARN stands for is looked up when a proxy asks: it may be mapped later. */
export const certificateRule: Rule<ListenerTlsAcmCertificate> = ({ certificateArn = '' }) => unless(ARN.test(certificateArn), 'certificateArn', ARN_RULE, certificateArn);

export const authoritiesRule: Rule<TlsValidationContextAcmTrust> = ({ certificateAuthorityArns = [] }) =>
  certificateAuthorityArns.flatMap((arn, index) => unless(ARN.test(arn), `certificateAuthorityArns[${index}]`, ARN_RULE, arn));
