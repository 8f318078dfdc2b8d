import { SchedulerClient, type CreateScheduleCommandInput } from '@aws-sdk/client-scheduler';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Log } from '../../../src/contracts/log.ts';
import { openLocalDatabase, type LocalDatabase } from '../../../src/local/database.ts';
import type { Deliver } from '../../../src/local/events/deliveries.ts';
import { openScheduler, openSchedulerApi, type Scheduler } from '../../../src/local/scheduler/index.ts';
import { readBody } from '../../../src/local/server/read-body.ts';
import { diskAtOnce, turn, until, virtualTime, type VirtualTime } from '../support/virtual-time.ts';

export const FUNCTION = 'arn:aws:lambda:us-east-1:000000000000:function:f';
export const ROLE = 'arn:aws:iam::000000000000:role/scheduler';
/** A Thursday. */
export const START = Date.UTC(2026, 0, 1);

export interface Call {
  readonly at: string;
  readonly arn: string;
  readonly input: string;
  readonly once: string;
  readonly attempt: number;
}

/** What CreateSchedule needs, at least. */
export const schedule = (Name: string, ScheduleExpression: string, more: Partial<CreateScheduleCommandInput> = {}): CreateScheduleCommandInput => ({
  Name,
  ScheduleExpression,
  FlexibleTimeWindow: { Mode: 'OFF' },
  Target: { Arn: FUNCTION, RoleArn: ROLE, Input: '{}' },
  ...more,
});

/** A scheduler on a folder of its own, behind HTTP, in a time that only moves when told. */
export class SchedulerHarness {
  readonly folder = mkdtempSync(join(tmpdir(), 'meshshift-scheduler-'));
  time: VirtualTime = virtualTime(START);
  calls: Call[] = [];
  logged: string[] = [];
  random = 0;
  /** What becomes of a call. */
  answer: (call: Call) => Promise<void> = () => Promise.resolve();
  client!: SchedulerClient;
  url = '';
  scheduler!: Scheduler;
  #database!: LocalDatabase;
  #server!: Server;

  /** Starts, at a later time than before if told. */
  async open(now = this.time.now()): Promise<void> {
    this.time = virtualTime(now);
    this.#database = openLocalDatabase(this.folder, diskAtOnce);
    const log: Log = (level, message, fields) => void this.logged.push(JSON.stringify([level, message, fields]));
    const deliver: Deliver = (arn, input, once, attempt) => {
      const call = { at: new Date(this.time.now()).toISOString(), arn, input, once, attempt };
      this.calls.push(call);
      return this.answer(call);
    };
    this.scheduler = openScheduler({ database: this.#database, region: 'us-east-1', accountId: '000000000000', timers: this.time, log, deliver, random: () => this.random });
    const api = openSchedulerApi(this.scheduler, log);
    this.#server = createServer((request, response) => {
      void readBody(request, 1e6).then((body) => api.handle(request, body.toString(), response));
    });
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    this.client = new SchedulerClient({ endpoint: this.url, region: 'us-east-1', credentials: { accessKeyId: 'a', secretAccessKey: 'b' }, maxAttempts: 1 });
    this.scheduler.recover();
  }

  async close(): Promise<void> {
    this.client.destroy();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
    this.scheduler.close();
    await this.#database.close();
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  /** Lets what was begun come to its end, at this instant. */
  async settle(): Promise<void> {
    for (let count = 0; count < 20; count += 1) {
      await this.#database.flushed();
      await turn();
    }
  }

  /** Jumps from timer to timer until so many calls were made. */
  async callsMade(count: number): Promise<Call[]> {
    await until(`${count} calls`, async () => {
      if (this.calls.length >= count) return true;
      await this.settle();
      if (this.calls.length < count) this.time.jump();
      return undefined;
    });
    await this.settle();
    return this.calls;
  }

  /** Jumps through every timer there is, at most `jumps`; what still waits then waits for ever. */
  async runOut(jumps = 50): Promise<void> {
    for (let count = 0; count < jumps; count += 1) {
      await this.settle();
      if (!this.time.jump()) return;
    }
  }
}
