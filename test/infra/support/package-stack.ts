import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../../..');
const SERVERLESS = join(ROOT, 'node_modules/serverless/bin/serverless.js');

export interface Resource {
  readonly Type: string;
  readonly Properties: Readonly<Record<string, unknown>>;
  readonly DependsOn?: string | readonly string[];
  readonly DeletionPolicy?: string;
}

export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export interface PackagedStack {
  /** What the packager wrote: the template, and a zip for each function. */
  readonly folder: string;
  readonly file: string;
  readonly template: Template;
  ofType(type: string): [string, Resource][];
  remove(): void;
}

/** Runs the packager with an environment of ours alone: no account, no credentials but those given. */
export function serverless(args: readonly string[], own: Readonly<Record<string, string>> = {}): string {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
  return execFileSync(process.execPath, [SERVERLESS, ...args], { cwd: ROOT, env: { ...env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', ...own }, stdio: 'pipe', encoding: 'utf8' });
}

/** Packages the stack offline, with these parameters; the bundles are those that `npm test` built. */
export function packageStack(params: Readonly<Record<string, string>> = {}): PackagedStack {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-package-'));
  const file = join(folder, 'cloudformation-template-update-stack.json');
  serverless(['package', '--package', folder, ...Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`])]);
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
  return {
    folder,
    file,
    template,
    ofType: (type) => Object.entries(template.Resources).filter(([, resource]) => resource.Type === type),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Every parameter another way than by default. */
export const OTHER_WAYS: Readonly<Record<string, string>> = {
  meshEndpoint: 'https://mesh.example.com',
  table: 'existing',
  logRetention: '7',
  auth: 'jwt',
  jwtIssuer: 'https://issuer.example.com/',
  jwtAudience: 'meshshift',
  network: 'vpc',
  subnets: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  securityGroups: 'sg-0123456789abcdef0',
};
