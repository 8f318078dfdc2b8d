import { isRecord } from '../../contracts/is-record.ts';
import { WEBHOOK_NAME } from '../../contracts/notifications.ts';

/** Webhooks' URLs by name: secrets. */
export type Webhooks = Readonly<Record<string, string>>;

/** The URLs cannot be used. The message never quotes what was read. */
export class WebhooksUnusable extends Error {
  override readonly name = 'WebhooksUnusable';
}

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** What is told goes over TLS, but on this machine. */
function isSafe(text: unknown): boolean {
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname));
}

/** Webhooks from JSON: `{ "name": "https://…" }`. @throws WebhooksUnusable */
export function parseWebhooks(json: string): Webhooks {
  let given: unknown;
  try {
    given = JSON.parse(json);
  } catch {
    // The parser's own message quotes what it read.
    throw new WebhooksUnusable('webhooks: not valid JSON');
  }
  if (!isRecord(given)) throw new WebhooksUnusable('webhooks: must be an object { "name": "https://…" }');
  const wrong = Object.entries(given).find(([name, url]) => !WEBHOOK_NAME.test(name) || !isSafe(url));
  if (wrong !== undefined) throw new WebhooksUnusable(`webhooks: ${wrong[0].slice(0, 40)}: must be a name of letters, digits, - and _, with an https URL`);
  return given as Webhooks;
}
