// A proxyless client of gRPC for JavaScript: `grpc-asker.js TARGET`, the bootstrap in GRPC_XDS_BOOTSTRAP_CONFIG. Takes [{ method, metadata }]
// on standard input, calls one after another, and prints what answered, or the status, of each as one JSON list.
import { json } from 'node:stream/consumers';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { register } from '@grpc/grpc-js-xds';

register();
const client = new Client(process.argv[2], credentials.createInsecure());
const identity = (bytes) => bytes;

const ask = ({ method, metadata = {} }) =>
  new Promise((resolve) => {
    const sent = new Metadata();
    for (const [name, value] of Object.entries(metadata)) sent.set(name, value);
    client.makeUnaryRequest(method, identity, identity, Buffer.alloc(0), sent, { deadline: Date.now() + 10_000 }, (error, answer) => resolve(error === null ? String(answer) : `status ${error.code}`));
  });

const answers = [];
for (const call of await json(process.stdin)) answers.push(await ask(call));
console.log(JSON.stringify(answers));
client.close();
process.exit();
