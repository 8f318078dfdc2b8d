import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/** Refuses imports whose specifier matches one of the regular expressions. */
const forbid = (...rules) => ({
  'no-restricted-imports': ['error', { patterns: rules.map(([regex, message]) => ({ regex, message })) }],
});

const LOCAL = ['(^|/)local/', 'src/local stands in for AWS; only the CLI may import it.'];
const CLI = ['(^|/)cli/', 'src/local serves what the CLI starts; it does not know it.'];
const CONTROL_PLANE = ['(^|/)controlplane/', 'Reach the control plane over HTTP.'];
const HANDLER = ['^(\\.\\./)+handlers/|^\\./(?!\\.\\.)(?!.*middleware)', 'A handler imports src and the middleware, never another handler.'];
const IO = ['^node:|^@aws-sdk|^@grpc|^libsql|^jsonata|(^|/)(rollout|store|metrics|workloads|local|cli|mesh|xds|api|telemetry)/', 'This folder is pure: no I/O, SDK or neighbour that does it.'];

const PURE_GLOBALS = {
  'no-restricted-globals': ['error', 'process', 'console', 'fetch', 'setTimeout', 'setInterval', 'setImmediate', 'performance', 'crypto', 'Buffer'],
  'no-restricted-properties': [
    'error',
    { object: 'Date', property: 'now', message: 'Pass the time in.' },
    { object: 'Math', property: 'random', message: 'Pass randomness in.' },
  ],
};

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', 'coverage/', '.serverless/', '.meshshift/', '**/*.cjs'] },
  js.configs.recommended,
  { files: ['**/*.ts'], extends: [tseslint.configs.strictTypeChecked], languageOptions: { parserOptions: { project: './tsconfig.json', tsconfigRootDir: import.meta.dirname } } },
  {
    files: ['**/*.ts'],
    rules: {
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'max-lines-per-function': ['warn', { max: 70, skipBlankLines: true, skipComments: true }],
    },
  },
  { files: ['src/**/*.ts'], rules: forbid(LOCAL) },
  { files: ['src/local/**/*.ts'], rules: forbid(CLI) },
  { files: ['src/cli/**/*.ts'], rules: { 'no-restricted-imports': 'off' } },
  { files: ['src/mesh/**/*.ts'], rules: forbid(LOCAL, CONTROL_PLANE) },
  { files: ['src/canary/**/*.ts', 'src/controlplane/translate/**/*.ts'], rules: { ...forbid(LOCAL, IO), ...PURE_GLOBALS } },
  { files: ['handlers/**/*.ts'], ignores: ['handlers/middleware/**'], rules: forbid(LOCAL, CONTROL_PLANE, HANDLER) },
  { files: ['test/**/*.ts', 'bench/**/*.ts'], rules: { 'no-restricted-imports': 'off', 'max-lines-per-function': 'off', '@typescript-eslint/no-non-null-assertion': 'off' } },
  { files: ['**/*.js', '**/*.mjs'], languageOptions: { globals: { process: 'readonly', console: 'readonly', URL: 'readonly', Buffer: 'readonly', fetch: 'readonly', setTimeout: 'readonly', clearTimeout: 'readonly' } } },
);
