import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { grpcBootstrap } from '../../src/controlplane/bootstrap/index.ts';
import { WHOAMI } from './upstreams.ts';
import { CALLER, SERVICE } from './walkthrough.ts';

interface Answer {
  readonly id: number;
  readonly by: Readonly<Record<string, number>>;
  readonly errors: readonly string[];
}

/** A proxyless gRPC client of the walkthrough's service, in a process of its own. */
export interface ProxylessCaller {
  run(calls: number, concurrency: number): Promise<Answer>;
  startLoad(concurrency: number): Promise<void>;
  stopLoad(): Promise<Answer>;
  stop(): Promise<void>;
}

/** Starts the client; it connects with its first call. */
export function startProxylessCaller(xdsPort: number): ProxylessCaller {
  const child = fork(fileURLToPath(new URL('proxyless-caller.js', import.meta.url)), [`xds:///${SERVICE}`, WHOAMI], {
    env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(grpcBootstrap({ nodeId: CALLER, xdsHost: '127.0.0.1', xdsPort })) },
    execArgv: [],
  });
  const waiting = new Map<number, (answer: Answer) => void>();
  let last = 0;
  child.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
  const ask = (command: string, options: object = {}): Promise<Answer> =>
    new Promise((resolve) => {
      const id = ++last;
      waiting.set(id, resolve);
      child.send({ id, command, ...options });
    });
  return {
    run: (calls, concurrency) => ask('run', { calls, concurrency }),
    startLoad: async (concurrency) => {
      await ask('start', { concurrency });
    },
    stopLoad: () => ask('stop'),
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.disconnect();
      }),
  };
}
