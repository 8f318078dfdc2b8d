// `npm test [-- JEST_ARGS]`: builds, runs the suites, and closes with one plain line of counts.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildAll } from './build.js';

await buildAll();
const folder = mkdtempSync(join(tmpdir(), 'meshshift-test-'));
const report = join(folder, 'report.json');
const jest = fileURLToPath(new URL('../node_modules/jest/bin/jest.js', import.meta.url));
const { status } = spawnSync(
  process.execPath,
  ['--experimental-vm-modules', '--no-warnings', jest, '--json', `--outputFile=${report}`, ...process.argv.slice(2)],
  { stdio: ['ignore', 'ignore', 'inherit'], cwd: fileURLToPath(new URL('..', import.meta.url)) },
);
const counts = JSON.parse(readFileSync(report, 'utf8'));
rmSync(folder, { recursive: true });
// A suite that could not run at all has no tests to count: it is a failure all the same.
const failed = counts.numFailedTests + counts.numRuntimeErrorTestSuites;
console.log(`${counts.numPassedTests} passed, ${failed} failed, ${counts.numPendingTests} skipped`);
process.exitCode = failed > 0 || counts.numPassedTests === 0 ? 1 : (status ?? 1);
