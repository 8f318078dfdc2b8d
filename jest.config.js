/** Tests are ESM TypeScript, transformed by esbuild; see test/support/esbuild-transform.js. */
export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '\\.ts$': '<rootDir>/test/support/esbuild-transform.js' },
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/.serverless/'],
  testTimeout: 30_000,
  maxWorkers: 2,
  // A line for each call of each function: thousands. `--silent=false` shows them.
  silent: true,
};
