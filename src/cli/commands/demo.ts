import { flag, type Call, type Command } from '../command.ts';
import type { ExitCode } from '../exit-codes.ts';

async function run(call: Call): Promise<ExitCode> {
  const { runDemo } = await import('../demo/index.ts');
  return runDemo({ io: call.io, json: call.json, envoy: !flag(call, 'no-envoy'), keep: flag(call, 'keep') });
}

export const demo: Command = {
  words: ['demo'],
  about: 'see it work: a good release and a bad one, on this machine, in a minute',
  remote: false,
  options: {
    'no-envoy': { type: 'boolean', about: 'without Envoy: the caller gets its configuration itself (proxyless gRPC)' },
    keep: { type: 'boolean', about: 'leave everything running at the end, until Ctrl-C' },
  },
  details:
    'Provisions pgMesh, starts its services and a caller, pushes a good image and then a bad one, and shows both rollouts live.\nEnvoy is downloaded once when it is not there (at most 15 s), pinned by its hash; without it the caller does without a proxy.\nNothing outlives it but the downloaded Envoy in the cache. With --json, one JSON line comes last on stdout.',
  examples: ['npm start', 'npm start -- --no-envoy', 'npm start -- --json'],
  run,
};
