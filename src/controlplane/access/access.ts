import type { WireRequest } from './canonical-request.ts';
import { invalid, missing, unknownCaller } from './errors.ts';
import type { Grant, Grants } from './grants.ts';
import { createReplays } from './replays.ts';
import { CLOCK_SKEW_MS, isEqual, verifySignature } from './verify-signature.ts';

export interface AccessOptions {
  readonly grants: Grants;
  /** Callers on this machine need no credentials, as where no access keys are given at all. Default false. */
  readonly openOnLoopback?: boolean;
}

interface Credentials extends WireRequest {
  readonly body: () => Promise<Uint8Array>;
  /** Whether the request changes something, so that it must not be taken twice. */
  readonly isWrite: boolean;
}

/** Tells who is calling. */
export interface Access {
  readonly grants: Grants;
  readonly openOnLoopback: boolean;
  /** Who a request is from, by signature or bearer token. @throws AccessRefused */
  identify(request: Credentials): Promise<Grant>;
}

/** Compares with every token, so that the time says nothing about any. */
function byToken(grants: Grants, token: string): Grant {
  const [found] = grants.tokens.filter((grant) => isEqual(grant.token, token));
  if (found === undefined) throw unknownCaller();
  return found;
}

/** Signatures have seconds: a client that makes the same call twice within one, or tries again, signs both alike. They arrive about as far apart. */
const REPEAT_MS = 2_000;

const BEARER = /^Bearer +(\S+) *$/i;

/** The control plane's own access keys, for its API and for proxies alike. @param clock epoch milliseconds */
export function createAccess({ grants, openOnLoopback = false }: AccessOptions, region: string, clock: () => number): Access {
  // A signature made by a clock that is ahead holds for twice the skew.
  const replays = createReplays(2 * CLOCK_SKEW_MS, clock);
  return {
    grants,
    openOnLoopback,
    identify: async ({ body, isWrite, ...request }) => {
      const token = BEARER.exec(request.headers.get('authorization')?.[0] ?? '')?.[1];
      if (token !== undefined) return byToken(grants, token);
      const verified = await verifySignature(request, { grants, region, clock, body });
      if (verified === undefined) throw missing();
      const { grant, signature, presigned } = verified;
      // Later it is somebody who recorded it, and could undo what came after. A presigned URL is meant to be used until it expires.
      if (isWrite && !presigned && replays.age(signature) > REPEAT_MS) {
        throw invalid('the very same signed request came before: a write may be repeated within 2 seconds only, and is signed anew after that');
      }
      return grant;
    },
  };
}
