// Our control plane in a process of its own, as the peers run in theirs: App Mesh's API over HTTP, and xDS, over a libSQL file.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { silent } from '../../src/contracts/log.ts';
import { startControlPlane } from '../../src/controlplane/index.ts';
import { openLibsqlStore } from '../../src/store/libsql.ts';

const [folder = '.'] = process.argv.slice(2);
const controlPlane = await startControlPlane({
  store: openLibsqlStore(join(folder, 'meshshift.db')),
  region: 'us-east-1',
  accountId: '000000000000',
  clock: Date.now,
  log: silent,
  xds: { host: '127.0.0.1', port: 0 },
});
const server = createServer((request, response) => void controlPlane.handle(request, response));
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port, xdsPort: controlPlane.xdsPort }));
});
process.stdin.on('end', () => process.exit(0)).resume();
