import type { NotifyPorts } from '../../src/rollout/notify/notify.ts';
import { keep, require } from './environment.ts';
import { logLine } from './handle.ts';
import { linksOf } from './links.ts';
import { readWebhooks } from './secrets.ts';
import { storeOf } from './store.ts';

const NAMES = ['AWS_ENDPOINT_URL', 'AWS_ENDPOINT_URL_SNS', 'AWS_REGION', 'MESHSHIFT_DATA', 'MESHSHIFT_TABLE', 'MESHSHIFT_CANARY_STATE_MACHINE_ARN', 'MESHSHIFT_WEBHOOKS', 'MESHSHIFT_WEBHOOKS_SECRET', 'MESHSHIFT_LINKS_URL', 'MESHSHIFT_TOKEN_KEY', 'MESHSHIFT_TOKEN_KEY_SECRET'];

const topicsOf = keep(NAMES, async (env) => (await import('./lazy/open-topics.ts')).openSns(require(env, 'MESHSHIFT_CANARY_STATE_MACHINE_ARN')));

/** What telling people takes. Few definitions have a topic: the client is loaded by the first one. */
export const channelsOf = keep(NAMES, async (env): Promise<NotifyPorts> => ({
  store: await storeOf(),
  webhooks: () => readWebhooks(env),
  publishToTopic: async (...message) => (await topicsOf())(...message),
  links: await linksOf(env),
  clock: Date.now,
  log: logLine,
}));
