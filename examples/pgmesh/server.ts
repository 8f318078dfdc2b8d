// svc1, in the version and with the share of errors that the environment gives:
//   VERSION      what it calls itself (v1)
//   ERROR_SHARE  the share of requests answered with INTERNAL, from 0 to 1 (0)
//   PORT         where it listens on 127.0.0.1; 0, the default, takes a free one
// Prints `ready PORT`; ends when its standard input closes or at SIGTERM, after the requests under way.
import { Metadata, Server, ServerCredentials, status, type handleUnaryCall } from '@grpc/grpc-js';
import { svc1, VERSION_KEY, type AskReply, type AskRequest } from './svc1.ts';

const version = process.env['VERSION'] ?? 'v1';
const errorShare = Number(process.env['ERROR_SHARE'] ?? 0);
if (!(errorShare >= 0 && errorShare <= 1)) throw new Error(`ERROR_SHARE: ${String(process.env['ERROR_SHARE'])}: must be from 0 to 1`);

const who = new Metadata();
who.set(VERSION_KEY, version);

const ask: handleUnaryCall<AskRequest, AskReply> = (call, answer) => {
  if (Math.random() < errorShare) answer({ code: status.INTERNAL, details: `${version} is broken`, metadata: who });
  else answer(null, { answer: `You asked: ${call.request.question}`, version }, who);
};

const server = new Server();
server.addService(svc1, { ask });
server.bindAsync(`127.0.0.1:${process.env['PORT'] ?? '0'}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`ready ${port}\n`);
});

/** A second is plenty for the requests under way. */
function finish(): void {
  const impatient = setTimeout(() => process.exit(0), 1_000);
  server.tryShutdown(() => {
    clearTimeout(impatient);
    process.exit(0);
  });
}
process.stdin.on('close', finish).on('end', finish).resume();
process.on('SIGTERM', finish);
