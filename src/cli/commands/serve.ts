import { once } from 'node:events';
import type { Service } from '../../service/start-service.ts';
import type { Call, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { explainListening } from '../ports.ts';
import { openPlace, readDrain, readOptions, serveOptions } from '../serve-settings.ts';

async function serveUntilTold(call: Call, { port, xdsPort, url, ...service }: Service, drainMs: number): Promise<void> {
  const { io } = call;
  io.stdout.write(call.json ? `${JSON.stringify({ ready: url, port, xdsPort })}\n` : `ready ${url}\n`);
  if (!io.interrupted.aborted) await once(io.interrupted, 'abort');
  // First those who are new stay away, then those who are there go.
  if (drainMs > 0) await service.drain(drainMs / 4, (drainMs * 3) / 4);
  await service.close();
}

async function run(call: Call): Promise<typeof EXIT.ok> {
  const { sharing, ...options } = await readOptions(call);
  const drainMs = readDrain(call, options.host);
  const { store, tokenKey, isShared, release } = await openPlace(call);
  try {
    const { startService } = await import('../../service/start-service.ts');
    const service = await startService({ ...options, store, tokenKey, ...(isShared && sharing !== undefined ? { sharing } : {}) }).catch((error: unknown) => {
      throw explainListening(error);
    });
    await serveUntilTold(call, service, drainMs);
  } finally {
    await store.close();
    release();
  }
  return EXIT.ok;
}

export const serve: Command = {
  words: ['serve'],
  about: 'serve the mesh alone, as a service: App Mesh’s API, xDS, telemetry and the watch, until SIGTERM',
  remote: false,
  options: serveOptions,
  details:
    'For a control plane that functions on AWS, or many machines, share; `meshshift up` is the whole product on one machine.\nSecrets come by the environment alone: MESHSHIFT_TOKEN_KEY (task tokens at rest), MESHSHIFT_MESH_KEY (functions and control planes\nknow each other by it) and MESHSHIFT_PROXY_KEY (proxies show it; it changes nothing).\nPrints one line `ready URL` on stdout, and logs lines of JSON on stderr. GET /meshshift/v1/health is 200 while it serves, 503 while it starts or ends.',
  examples: ['meshshift serve --data /var/lib/meshshift', 'meshshift serve --host 0.0.0.0 --table meshshift-prod --behind-tls'],
  run,
};
