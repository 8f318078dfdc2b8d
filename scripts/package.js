// `npm run package`: builds the handlers and packages the stack offline into .serverless/ (no account, no credentials).
// Arguments go to the packager: `npm run package -- --stage prod --package DIR`.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { buildAll } from './build.js';

const root = fileURLToPath(new URL('..', import.meta.url));
await buildAll();
const { status } = spawnSync(process.execPath, [`${root}node_modules/serverless/bin/serverless.js`, 'package', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off' },
});
process.exitCode = status ?? 1;
