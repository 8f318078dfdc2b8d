import type { ServerDuplexStream } from '@grpc/grpc-js';
import type { PeerCertificate } from 'node:tls';
import type { Log } from '../../contracts/log.ts';
import type { Access } from './access.ts';
import type { WireRequest } from './canonical-request.ts';
import { AccessRefused, missing, unknownCaller } from './errors.ts';
import type { Grant, Grants } from './grants.ts';
import { isLoopback } from './loopback.ts';
import { grantOfSpiffe } from './permissions.ts';
import { refuseFor } from './refuse-stream.ts';

type Call = ServerDuplexStream<Buffer, Buffer>;
/** @param grant what the caller may have; undefined means everything. */
type Serve = (call: Call, grant: Grant | undefined) => void;

/** `URI:spiffe://a/b, DNS:c.d` as its values, and the common name. */
function namesOf({ subjectaltname = '', subject }: PeerCertificate): string[] {
  const alternatives = subjectaltname.split(/, ?/).map((entry) => entry.replace(/^[A-Za-z ]+:(?=.)/, ''));
  const common = (subject as Partial<PeerCertificate['subject']> | undefined)?.CN;
  return [...alternatives, ...[common ?? []].flat()].filter((name) => name !== '');
}

function byCertificate({ certificates }: Grants, certificate: PeerCertificate): Grant {
  const names = namesOf(certificate);
  const found = names.flatMap((name) => certificates.get(name) ?? grantOfSpiffe(name) ?? [])[0] ?? certificates.get('*');
  if (found === undefined) throw unknownCaller();
  return found;
}

/** Headers that gRPC's server takes out; a signer may have signed them, and they have one value only. */
const TAKEN_OUT = [['te', 'trailers'], ['content-type', 'application/grpc']] as const;

function toWire(call: Call, host: string): WireRequest {
  const headers = new Map<string, string[]>(TAKEN_OUT.map(([name, value]) => [name, [value]]));
  for (const name of Object.keys(call.metadata.getMap())) headers.set(name, call.metadata.get(name).map(String));
  headers.set('host', [host]);
  return { method: 'POST', path: call.getPath(), query: '', headers };
}

/** gRPC's own signers leave out the port that is a scheme's usual one, whatever the authority says. */
const hostsOf = (authority: string): string[] => [...new Set([authority, authority.replace(/:(?:443|80)$/, '')])];

async function byMetadata(access: Access, call: Call): Promise<Grant> {
  let refusal: unknown;
  for (const host of hostsOf(call.getHost())) {
    try {
      return await access.identify({ ...toWire(call, host), body: () => Promise.resolve(new Uint8Array()), isWrite: false });
    } catch (error) {
      refusal ??= error;
    }
  }
  throw refusal as Error;
}

async function identify(access: Access, call: Call): Promise<Grant | undefined> {
  if (access.openOnLoopback && isLoopback(call.getPeer().replace(/:\d+$/, ''))) return undefined;
  if (call.metadata.get('authorization').length > 0) return await byMetadata(access, call);
  const certificate = call.getAuthContext().sslPeerCertificate;
  if (certificate === undefined || Object.keys(certificate).length === 0) throw missing();
  return byCertificate(access.grants, certificate);
}

/**
 * Serves a call once it is known whose it is: by Signature Version 4 in its metadata (service `appmesh`, the hash of an empty body
 * or UNSIGNED-PAYLOAD, as AWS's sidecar image and Envoy's signing filter do it), a bearer token, or its client certificate.
 */
export function guardCall(access: Access | undefined, log: Log, serve: Serve): (call: Call) => void {
  if (access === undefined) return (call) => serve(call, undefined);
  return (call) => {
    let ended = false;
    const end = (): void => void (ended = true);
    call.on('error', end).on('cancelled', end);
    identify(access, call).then(
      (grant) => {
        if (!ended) serve(call, grant);
      },
      (error: unknown) => {
        const refusal = error instanceof AccessRefused ? error : new AccessRefused('InvalidSignatureException', 'the credentials could not be read');
        log('info', 'a proxy was refused', { reason: refusal.name });
        if (!ended) refuseFor(call, refusal);
      },
    );
  };
}
