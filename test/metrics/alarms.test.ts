import { openAws } from '../../src/aws/call.ts';
import { openCloudWatchAlarms, type AlarmState } from '../../src/metrics/alarms.ts';
import { loopback } from './loopback.ts';

/** Reads from a CloudWatch on loopback that answers as told. */
async function read(names: readonly string[], answer: (input: unknown) => { status?: number; body: object }): Promise<AlarmState[]> {
  const server = await loopback(({ body }, response) => {
    const { status = 200, body: answered } = answer(JSON.parse(body));
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answered));
  });
  try {
    return await openCloudWatchAlarms(openAws({ AWS_ENDPOINT_URL: server.url, AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' })).read(names);
  } finally {
    await server.close();
  }
}

test('asks for metric and composite alarms, and tells since when each is as it is', async () => {
  const asked: unknown[] = [];
  const alarms = await read(['a', 'b', 'gone'], (input) => {
    asked.push(input);
    return {
      body: {
        MetricAlarms: [{ AlarmName: 'a', StateValue: 'ALARM', StateReason: 'too many', StateUpdatedTimestamp: 1_767_225_700, StateTransitionedTimestamp: 1_767_225_600.5 }],
        CompositeAlarms: [{ AlarmName: 'b', StateValue: 'OK', StateReason: 'fine', StateUpdatedTimestamp: 1_767_225_600 }],
      },
    };
  });
  expect(asked).toEqual([{ AlarmNames: ['a', 'b', 'gone'], AlarmTypes: ['MetricAlarm', 'CompositeAlarm'], MaxRecords: 100 }]);
  expect(alarms).toEqual([
    { name: 'a', state: 'ALARM', since: 1_767_225_600_500, reason: 'too many' },
    { name: 'b', state: 'OK', since: 1_767_225_600_000, reason: 'fine' },
  ]);
});

test('an outage is an error, and no alarm that is fine', async () => {
  await expect(read(['a'], () => ({ status: 500, body: { __type: 'InternalServiceFault', message: 'down' } }))).rejects.toThrow('down');
});
