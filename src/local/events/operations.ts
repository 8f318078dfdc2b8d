import type { IncomingMessage } from 'node:http';
import { isRecord } from '../../contracts/is-record.ts';
import { parseJson } from '../json.ts';
import type { AwsJsonService } from '../server/aws-json.ts';
import { busOperations } from './bus-operations.ts';
import type { EventBus } from './event-bus.ts';
import { invalid, requireText } from './inputs.ts';
import { checkPattern } from './pattern-text.ts';
import { compilePattern } from './pattern.ts';
import { putEvents } from './put-events.ts';
import { ruleOperations, targetOperations } from './rule-operations.ts';

/** With this request header, PutEvents takes `aws.*` sources: AWS's own services are not on this machine to send them. */
const LOCAL_SOURCE_HEADER = 'x-meshshift-local';

const allowsAws = ({ headers }: IncomingMessage): boolean => headers[LOCAL_SOURCE_HEADER] === 'allow-aws-source';

/** EventBridge's API over an event bus: events, rules, targets, buses and patterns. */
export function openEventsService(bus: EventBus, { region, accountId }: { region: string; accountId: string }): AwsJsonService {
  const arnOf = (name: string): string => `arn:aws:events:${region}:${accountId}:${name}`;
  return {
    targetPrefix: 'AWSEvents',
    version: '1.1',
    operations: {
      PutEvents: (input, request) => putEvents(bus, input, allowsAws(request)),
      TestEventPattern: (input) => {
        const event = parseJson(requireText(input, 'Event'));
        if (!isRecord(event)) throw invalid('Event: must be a JSON object');
        return { Result: compilePattern(JSON.parse(checkPattern(input['EventPattern'])))(event) };
      },
      ...ruleOperations(bus, arnOf),
      ...targetOperations(bus),
      ...busOperations(bus, arnOf),
    },
  };
}
