// Bundles what runs: the CLI, the Lambda handlers (a file each) and the examples' services, into dist/.
import { build } from 'esbuild';
import { cpSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildHandlers } from './build-handlers.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsFiles = (dir) =>
  readdirSync(`${root}${dir}`, { recursive: true })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => `${dir}/${file}`);

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  mainFields: ['module', 'main'],
  outExtension: { '.js': '.mjs' },
  logLevel: 'warning',
  legalComments: 'none',
  // A bundle of CommonJS packages needs `require` for Node's own modules.
  banner: { js: "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);" },
};

/** Builds everything; resolves when dist/ is complete. */
export async function buildAll() {
  rmSync(`${root}dist`, { recursive: true, force: true });
  const handlers = tsFiles('handlers').filter((file) => !file.startsWith('handlers/middleware/'));
  const services = tsFiles('examples');
  await Promise.all([
    buildHandlers(handlers, root, shared),
    // The CLI and the examples run beside node_modules.
    build({ ...shared, outbase: '.', outdir: 'dist', entryPoints: ['src/cli/meshshift.ts', 'src/local/lambda/worker.ts', ...services], packages: 'external', sourcemap: true }),
  ]);
  mkdirSync(`${root}dist/data`, { recursive: true });
  cpSync(`${root}src/controlplane/xds/descriptors/envoy-1.40.binpb`, `${root}dist/data/envoy-1.40.binpb`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildAll();
