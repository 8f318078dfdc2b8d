// A proxyless gRPC client, in a process of its own because grpc-js-xds registers itself globally and once.
// Takes { id, run: { calls, concurrency } }, { id, start: { concurrency } } and { id, stop: true } as messages; answers { id, by, errors }.
import { Client, credentials } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';

register();
const [target, method] = process.argv.slice(2);
const client = new Client(target, credentials.createInsecure());
const identity = (bytes) => bytes;

const call = (tally) =>
  new Promise((resolve) => {
    client.makeUnaryRequest(method, identity, identity, Buffer.alloc(0), { deadline: Date.now() + 10_000 }, (error, answer) => {
      if (error === null) tally.by[String(answer)] = (tally.by[String(answer)] ?? 0) + 1;
      else tally.errors.push(`${error.code} ${error.details}`);
      resolve();
    });
  });

async function whileTrue(tally, more, concurrency) {
  const one = async () => {
    while (more()) await call(tally);
  };
  await Promise.all(Array.from({ length: concurrency }, one));
}

let load;
const commands = {
  run: async ({ calls, concurrency }) => {
    const tally = { by: {}, errors: [] };
    let left = calls;
    await whileTrue(tally, () => left-- > 0, concurrency);
    return tally;
  },
  start: async ({ concurrency }) => {
    load = { tally: { by: {}, errors: [] }, stopped: false };
    const { tally } = load;
    load.done = whileTrue(tally, () => !load.stopped, concurrency);
    return {};
  },
  stop: async () => {
    load.stopped = true;
    await load.done;
    return load.tally;
  },
};

process.on('message', async ({ id, command, ...options }) => process.send({ id, ...(await commands[command](options)) }));
process.on('disconnect', () => process.exit());
