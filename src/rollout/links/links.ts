import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import type { LinkAction } from '../../contracts/notifications.ts';
import type { RolloutRecord } from '../record/records.ts';

/** What a link in a message does, for whoever has it. */
export interface LinkedAction {
  readonly id: string;
  readonly action: LinkAction;
  /** What the rollout was at when the link was made, by `momentOf`. */
  readonly moment: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** Makes links, and reads them. A link is a secret of those who were sent it: it is in no log, event or error. */
export interface Links {
  /** The URL of a page that does it. */
  to(action: LinkedAction): string;
  /** What a link's token stands for; undefined for one that was not made here, or has expired at `now`. */
  read(token: string, now: number): LinkedAction | undefined;
}

/** A rollout goes on, and what a link approved, resumed or advanced then is over. */
const AT_A_MOMENT: ReadonlySet<LinkAction> = new Set<LinkAction>(['approve', 'resume', 'advance']);

/** What a link for an action is bound to: the step and the wait that it was made at, or nothing for an action that makes sense whenever it is possible. */
export const momentOf = (action: LinkAction, { step, waiting }: Pick<RolloutRecord, 'step' | 'waiting'>): string => (AT_A_MOMENT.has(action) ? [step, waiting?.for, waiting?.since].join(' ') : '');

export const LINK_PATH = '/meshshift/v1/link';

/**
 * Links under `url`, where people reach the rollouts API, signed (HMAC-SHA256) with a key of their own that is derived from the token key (base64 of 32 bytes).
 * Undefined where there is no such URL: no message has links then, and none leads anywhere.
 */
export function openLinks(url: string | undefined, tokenKey: string | undefined): Links | undefined {
  if (!url || !tokenKey) return undefined;
  const key = Buffer.from(hkdfSync('sha256', Buffer.from(tokenKey, 'base64'), '', 'meshshift links', 32));
  const sign = (text: string): Buffer => createHmac('sha256', key).update(text).digest();
  return {
    to: ({ id, action, moment, expiresAt }) => {
      const text = Buffer.from(JSON.stringify([id, action, moment, expiresAt])).toString('base64url');
      return `${url.replace(/\/$/, '')}${LINK_PATH}?token=${text}.${sign(text).toString('base64url')}`;
    },
    read: (token, now) => {
      const [text = '', signature = ''] = token.split('.');
      const [given, right] = [Buffer.from(signature, 'base64url'), sign(text)];
      if (given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
      const [id, action, moment, expiresAt] = JSON.parse(Buffer.from(text, 'base64url').toString('utf8')) as [string, LinkAction, string, number];
      return expiresAt > now ? { id, action, moment, expiresAt } : undefined;
    },
  };
}
