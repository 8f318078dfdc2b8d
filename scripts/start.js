// `npm start`: builds, then runs the demo with the arguments given.
import { buildAll } from './build.js';

await buildAll();
process.argv.splice(2, 0, 'demo');
await import('../dist/src/cli/meshshift.mjs');
