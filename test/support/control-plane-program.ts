// A control plane in a process of its own, to be killed: FOLDER and the xDS PORT as arguments. Prints its ports as a line of JSON.
import { startTestControlPlane } from './control-plane.ts';

const [folder = '', xdsPort = '0'] = process.argv.slice(2);
const plane = await startTestControlPlane({ folder, xdsPort: Number(xdsPort) });
console.log(JSON.stringify({ url: plane.url, xdsPort: plane.xdsPort }));
process.once('SIGTERM', () => void plane.stop().then(() => process.exit(0)));
