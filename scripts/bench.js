// `npm run bench -- NAME [options]`: bundles bench/NAME.ts (and the programs it starts) into dist/bench and runs it.
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildAll } from './build.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const tsFiles = (dir) => readdirSync(`${root}${dir}`).filter((file) => file.endsWith('.ts'));
const names = tsFiles('bench').map((file) => file.slice(0, -'.ts'.length));
const [name, ...options] = process.argv.slice(2);

if (!names.includes(name)) {
  if (name !== undefined) console.error(`There is no benchmark "${name}".`);
  console.log(`npm run bench -- NAME [options], where NAME is one of:\n${names.map((each) => `  ${each}`).join('\n')}`);
  process.exit(name === undefined ? 0 : 2);
}

await buildAll();
await build({
  absWorkingDir: root,
  entryPoints: [`bench/${name}.ts`, ...tsFiles('bench/programs').map((file) => `bench/programs/${file}`)],
  outbase: '.',
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  packages: 'external',
  platform: 'node',
  target: 'node20',
  format: 'esm',
  sourcemap: true,
  logLevel: 'warning',
});
// Envoy's descriptors, where a benchmark that speaks xDS itself looks for them.
mkdirSync(`${root}dist/bench/descriptors`, { recursive: true });
cpSync(`${root}src/controlplane/xds/descriptors/envoy-1.40.binpb`, `${root}dist/bench/descriptors/envoy-1.40.binpb`);

const { status } = spawnSync(process.execPath, ['--enable-source-maps', `${root}dist/bench/${name}.mjs`, ...options], { stdio: 'inherit', cwd: root });
process.exitCode = status ?? 1;
