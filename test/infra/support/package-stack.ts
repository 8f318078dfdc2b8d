import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

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
  readonly file: string;
  readonly template: Template;
  ofType(type: string): [string, Resource][];
  remove(): void;
}

/** A folder that looks like the repository: the packager keeps what it works on there, and one that works beside it would take it away. */
function openService(): string {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-service-'));
  for (const name of ['serverless.yml', 'infra', 'statemachines', 'dist/handlers', 'package.json']) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  return folder;
}

/** Runs the packager with an environment of ours alone: no account, no credentials but those given. */
export async function serverless(args: readonly string[], own: Readonly<Record<string, string>> = {}): Promise<void> {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
  const cwd = openService();
  await promisify(execFile)(process.execPath, [SERVERLESS, ...args], { cwd, env: { ...env, SLS_TELEMETRY_DISABLED: '1', SLS_NOTIFICATIONS_MODE: 'off', ...own } }).catch((cause: unknown) => {
    throw new Error(`serverless ${args.join(' ')}: ${(cause as { stdout?: string }).stdout ?? ''}`, { cause });
  }).finally(() => rmSync(cwd, { recursive: true }));
}

/** Packages the stack offline, with these parameters; the bundles are those that `npm test` built. */
export async function packageStack(params: Readonly<Record<string, string>> = {}): Promise<PackagedStack> {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-package-'));
  const file = join(folder, 'cloudformation-template-update-stack.json');
  await serverless(['package', '--package', folder, ...Object.entries(params).flatMap(([name, value]) => ['--param', `${name}=${value}`])]);
  const template = JSON.parse(readFileSync(file, 'utf8')) as Template;
  return {
    file,
    template,
    ofType: (type) => Object.entries(template.Resources).filter(([, resource]) => resource.Type === type),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Every parameter another way than by default. */
export const OTHER_WAYS: Readonly<Record<string, string>> = {
  controlPlane: 'fargate',
  controlPlaneName: 'mesh.example.com',
  controlPlaneCertificate: 'arn:aws:acm:us-east-1:123456789012:certificate/01234567-89ab-cdef-0123-456789abcdef',
  controlPlaneVpc: 'vpc-0123456789abcdef0',
  controlPlaneSubnets: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  controlPlaneCount: '3',
  controlPlaneCpu: '1024',
  controlPlaneMemory: '2048',
  controlPlaneImage: 'team/meshshift',
  controlPlaneTag: '0.1.0',
  controlPlaneClients: '10.1.0.0/16',
  controlPlaneScheme: 'internet-facing',
  table: 'existing',
  logRetention: '7',
  auth: 'jwt',
  jwtIssuer: 'https://issuer.example.com/',
  jwtAudience: 'meshshift',
  network: 'vpc',
  subnets: 'subnet-0123456789abcdef0,subnet-0123456789abcdef1',
  securityGroups: 'sg-0123456789abcdef0',
  alarms: 'told',
  alarmTopic: 'arn:aws:sns:us-east-1:123456789012:on-call',
  workloads: 'ecs',
  ecsCluster: 'prod',
  ecsNamespace: 'ns-0123456789abcdef',
  ecsTaskRoles: 'arn:aws:iam::123456789012:role/svc1-task,arn:aws:iam::123456789012:role/svc1-execution',
};
