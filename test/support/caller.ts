import { Client, credentials, type ChannelOptions, type ServiceError } from '@grpc/grpc-js';
import { WHOAMI } from './upstreams.ts';

const identity = (bytes: Buffer): Buffer => bytes;

/** What a call came to: who answered, or the error. */
export type Outcome = { readonly by: string } | { readonly error: ServiceError };

/** Calls the test service through one target. */
export interface Caller {
  call(): Promise<Outcome>;
  /** So many calls, so many at a time; the count of answers by server, and the errors. */
  run(calls: number, concurrency: number): Promise<Tally>;
  /** Calls without pause until stopped. */
  load(concurrency: number): { readonly tally: Tally; stop(): Promise<Tally> };
  close(): void;
}

export interface Tally {
  readonly by: Map<string, number>;
  readonly errors: string[];
}

const count = ({ by, errors }: Tally, outcome: Outcome): void => {
  if ('error' in outcome) errors.push(`${outcome.error.code} ${outcome.error.details}`);
  else by.set(outcome.by, (by.get(outcome.by) ?? 0) + 1);
};

/** A gRPC client; for Envoy the target is its loopback listener. */
export function openCaller(target: string, options: ChannelOptions = {}): Caller {
  const client = new Client(target, credentials.createInsecure(), options);
  const call = (): Promise<Outcome> =>
    new Promise((resolve) => {
      client.makeUnaryRequest(WHOAMI, identity, identity, Buffer.alloc(0), { deadline: Date.now() + 10_000 }, (error, answer) =>
        resolve(error === null ? { by: String(answer) } : { error }),
      );
    });
  const whileTrue = async (tally: Tally, more: () => boolean, concurrency: number): Promise<void> => {
    const one = async (): Promise<void> => {
      while (more()) count(tally, await call());
    };
    await Promise.all(Array.from({ length: concurrency }, one));
  };
  return {
    call,
    run: async (calls, concurrency) => {
      const tally: Tally = { by: new Map(), errors: [] };
      let left = calls;
      await whileTrue(tally, () => left-- > 0, concurrency);
      return tally;
    },
    load: (concurrency) => {
      const tally: Tally = { by: new Map(), errors: [] };
      let stopped = false;
      const done = whileTrue(tally, () => !stopped, concurrency);
      return {
        tally,
        stop: async () => {
          stopped = true;
          await done;
          return tally;
        },
      };
    },
    close: () => client.close(),
  };
}
