import { readFile } from 'node:fs/promises';
import { parseWebhooks, WebhooksUnusable, type Webhooks } from '../rollout/notify/webhooks.ts';
import { CommandFailed } from './errors.ts';
import { EXIT } from './exit-codes.ts';

/** Webhooks from an option or a variable: their JSON itself, or the path of a file that holds it. @throws CommandFailed, which never shows a URL */
export async function readWebhooks(source: string): Promise<Webhooks> {
  try {
    return parseWebhooks(source.trimStart().startsWith('{') ? source : await readFile(source, 'utf8'));
  } catch (cause) {
    if (!(cause instanceof WebhooksUnusable)) throw cause;
    throw new CommandFailed(`up: --webhooks: ${cause.message}`, { exitCode: EXIT.failed, hint: 'correct the file or MESHSHIFT_WEBHOOKS; nothing was started' });
  }
}
