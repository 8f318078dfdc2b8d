import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import type { PublishToTopic } from './channels.ts';

/** A topic's name as its ARN in the region and account of a state machine's ARN. */
const toArn = (topic: string, stateMachineArn: string): string => {
  const [, partition = 'aws', , region = '', account = ''] = stateMachineArn.split(':');
  return topic.startsWith('arn:') ? topic : `arn:${partition}:sns:${region}:${account}:${topic}`;
};

/** Attributes let subscribers filter: by type, definition and phase. */
export const openTopics = (client: SNSClient, stateMachineArn: string): PublishToTopic => async (topic, subject, text, attributes) => {
  const MessageAttributes = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== '').map(([name, value]) => [name, { DataType: 'String', StringValue: value }]));
  await client.send(new PublishCommand({ TopicArn: toArn(topic, stateMachineArn), Subject: subject, Message: text, MessageAttributes }));
};
