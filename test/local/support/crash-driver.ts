// An engine in a process of its own, to be killed: FOLDER, and how many milliseconds its clock is ahead, as arguments.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { openLocalDatabase } from '../../../src/local/database.ts';
import type { Json } from '../../../src/local/json.ts';
import { serveAwsJson } from '../../../src/local/server/aws-json.ts';
import { readBody } from '../../../src/local/server/read-body.ts';
import { Engine, stepFunctionsService } from '../../../src/local/stepfunctions/index.ts';
import { openRunners } from '../../../src/local/stepfunctions/tasks/runners.ts';
import { systemTimers } from '../../../src/local/timers.ts';

const [folder = '', ahead = '0'] = process.argv.slice(2);
const calls = join(folder, 'calls.log');

const polled = (condition: () => boolean): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (condition()) resolve();
      else setImmediate(look);
    };
    look();
  });

/** Each call is written down before it is answered; `slow` answers once a file named `release` is there. */
async function invoke(name: string, payload: Json): Promise<{ payload: Json; failed: boolean; requestId: string }> {
  appendFileSync(calls, `${JSON.stringify({ name, payload })}\n`);
  if (name === 'slow') await polled(() => existsSync(join(folder, 'release')));
  if (name === 'keep') writeFileSync(join(folder, 'token'), (payload as { token: string }).token);
  return { payload, failed: false, requestId: '' };
}

const database = openLocalDatabase(folder);
const engine: Engine = new Engine({
  database,
  region: 'us-east-1',
  accountId: '000000000000',
  timers: { ...systemTimers, now: () => Date.now() + Number(ahead) },
  log: (level, message, fields) => console.error(level, message, fields),
  runners: openRunners({ engine: () => engine, invoke, putEvents: () => Promise.reject(new Error('no bus')) }),
  onStatusChange: (detail) => {
    appendFileSync(join(folder, 'changes.log'), `${JSON.stringify([detail['executionArn'], detail['status']])}\n`);
    return Promise.resolve();
  },
});
const service = stepFunctionsService(engine);
const server = createServer((req, res) => {
  void readBody(req, 1_000_000).then((body) => serveAwsJson(service, req, body.toString('utf8'), res, console.error));
});
server.listen(0, '127.0.0.1', () => {
  engine.recover();
  console.log((server.address() as AddressInfo).port);
});
