// Loaded before the command: answers each message with what this process holds after a collection of garbage.
import { isMainThread } from 'node:worker_threads';

const turn = () => new Promise((resolve) => setTimeout(resolve, 20));

async function measure() {
  for (let round = 0; round < 4; round++) {
    globalThis.gc();
    await turn();
  }
  const resources = {};
  for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1;
  return { heap: process.memoryUsage().heapUsed, resources };
}

if (isMainThread && process.send !== undefined) {
  process.on('message', async () => process.send(await measure()));
  process.channel.unref();
}
