// Prunes Envoy's FileDescriptorSet to the types the control plane uses.
// Usage: npm run protos -- path/to/envoy-1.40-descriptors.binpb
// The input is the descriptor set of the Go module github.com/envoyproxy/go-control-plane/envoy v1.40.0, imports first.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

const [input] = process.argv.slice(2);
if (input === undefined) {
  console.error('usage: npm run protos -- ENVOY_DESCRIPTORS.binpb');
  process.exit(2);
}
const types = readFileSync(new URL('../src/controlplane/xds/descriptors/types.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'));
const output = new URL('../src/controlplane/xds/descriptors/envoy-1.40.binpb', import.meta.url).pathname;
execFileSync('npx', ['buf', 'build', `${input}#format=binpb`, ...types.flatMap((type) => ['--type', type]), '-o', output], { stdio: 'inherit' });
console.log(`${types.length} types → ${output}`);
