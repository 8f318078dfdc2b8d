import { SNSClient } from '@aws-sdk/client-sns';
import type { PublishToTopic } from '../../../src/rollout/notify/channels.ts';
import { openTopics } from '../../../src/rollout/notify/sns.ts';
import { REQUESTS } from '../requests.ts';

export const openSns = (stateMachineArn: string): PublishToTopic => openTopics(new SNSClient(REQUESTS), stateMachineArn);
