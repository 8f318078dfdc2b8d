import process from 'node:process';
import { EXIT } from './exit-codes.ts';
import { main } from './main.ts';

// The SDK would tell every person at every call that it drops Node 20 one day; this package says itself what it needs.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
// gRPC would write to stderr on its own; what matters of it comes as an error.
process.env['GRPC_VERBOSITY'] ??= 'NONE';

const interrupted = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // The first asks to end in order, the second ends at once.
  process.once(signal, () => {
    interrupted.abort();
    process.once(signal, () => process.exit(EXIT.interrupted));
  });
}
// A reader that has seen enough (`| head`) is no error; what runs is ended in order all the same.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  interrupted.abort();
});

process.exitCode = await main(process.argv.slice(2), { stdout: process.stdout, stderr: process.stderr, env: process.env, interrupted: interrupted.signal });
// What a failure left open must not keep the command from ending; what ends by itself does so before.
setTimeout(() => process.exit(), 1_000).unref();
