import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as appMesh from '@aws-sdk/client-app-mesh';
import { AppMeshServiceException, type AppMeshClient } from '@aws-sdk/client-app-mesh';
import type { Json } from '../controlplane/api/calls.ts';
import { sender } from '../controlplane/api/calls.ts';
import { REGION } from '../controlplane/api/mesh-server.ts';
import type { Step } from './steps.ts';

/** What a client made of a step; errors with the class that its language knows them by. */
export interface Played {
  readonly requestId?: string;
  readonly output?: Json;
  readonly error?: { readonly type: string; readonly message: string; readonly status?: number; readonly class?: string };
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** What clients sign with. */
export const CLIENT = { accessKeyId: 'MSCLIENT', secretAccessKey: 'client-secret-0123456789' };

/** A client's whole environment: it knows the server by nothing else. */
const environment = (url: string): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: '/nonexistent', // none of the machine's own configuration
  AWS_ENDPOINT_URL: url,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_ACCESS_KEY_ID: CLIENT.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CLIENT.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_PAGER: '',
  PYTHONIOENCODING: 'utf-8',
  LC_ALL: 'C.UTF-8',
});

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const run = (command: string, args: readonly string[], url: string, stdin = ''): Promise<Ended> =>
  new Promise((resolve) => {
    const child = execFile(command, [...args], { env: environment(url), maxBuffer: 1 << 26 }, (error, stdout, stderr) => resolve({ code: error === null ? 0 : 1, stdout, stderr }));
    child.stdin?.end(stdin);
  });

async function playAll(command: string, args: readonly string[], url: string, steps: readonly Step[]): Promise<Played[]> {
  const { code, stdout, stderr } = await run(command, args, url, JSON.stringify(steps));
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Played[];
}

/** boto3, in one process. */
export const playByBoto3 = (url: string, steps: readonly Step[]): Promise<Played[]> => playAll('python3', [here('boto3_player.py')], url, steps);

/** The AWS SDK for Go v2, by a program that is built first: within a second or two, once its modules are compiled. */
export const playByGo = (url: string, steps: readonly Step[]): Promise<Played[]> => playAll(buildGoPlayer(), [], url, steps);

function buildGoPlayer(): string {
  const folder = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'meshshift');
  mkdirSync(folder, { recursive: true });
  const binary = join(folder, 'go-player');
  const { status, stderr } = spawnSync('go', ['build', '-o', binary, '.'], { cwd: here('go'), encoding: 'utf8' });
  if (status !== 0) throw new Error(`go build in test/clients/go failed:\n${stderr}`);
  return binary;
}

const REFUSED = /An error occurred \((\w+)\) when calling the \w+ operation: (.*)/;

/** The AWS CLI on the PATH, in one process. It shows no ids of requests. */
export const playByCli = (url: string, steps: readonly Step[]): Promise<Played[]> => playAll('python3', [here('cli_player.py')], url, steps);

/** An AWS CLI by its path, of any version: a process for each step, which takes a minute or two. */
export async function playByCommand(aws: string, url: string, steps: readonly Step[]): Promise<Played[]> {
  const played: Played[] = [];
  for (const { operation, input, pageSize } of steps) {
    const command = operation.replace(/(?!^)([A-Z])/g, '-$1').toLowerCase();
    const { code, stdout, stderr } = await run(aws, ['appmesh', command, '--cli-input-json', JSON.stringify(input), '--output', 'json', '--endpoint-url', url, ...(pageSize === undefined ? [] : ['--page-size', String(pageSize)])], url);
    const [, type, message] = REFUSED.exec(stderr) ?? [];
    if (code !== 0 && (type === undefined || message === undefined)) throw new Error(`${command}: ${stderr}`);
    played.push(type === undefined || message === undefined ? { output: JSON.parse(stdout.trim() === '' ? '{}' : stdout) as Json } : { error: { type, message } });
  }
  return played;
}

type Paginate = (options: { readonly client: AppMeshClient; readonly pageSize: number }, input: Json) => AsyncIterable<Json>;

/** The pages of the SDK's own paginator, which writes its tokens into the input it is given, as one answer. */
async function allPages(client: AppMeshClient, operation: string, input: Json, pageSize: number): Promise<Json> {
  const paginate = (appMesh as unknown as Readonly<Record<string, Paginate>>)[`paginate${operation}`]!;
  const lists = new Map<string, unknown[]>();
  for await (const page of paginate({ client, pageSize }, { ...input })) for (const [name, value] of Object.entries(page)) if (Array.isArray(value)) lists.set(name, [...(lists.get(name) ?? []), ...(value as unknown[])]);
  return Object.fromEntries(lists);
}

/** The AWS SDK for JavaScript v3: by this process. */
export async function playByJavaScript(client: AppMeshClient, steps: readonly Step[]): Promise<Played[]> {
  const send = sender(client);
  const played: Played[] = [];
  for (const { operation, input, pageSize } of steps) {
    try {
      const output = await (pageSize === undefined ? send(operation, input) : allPages(client, operation, input, pageSize));
      played.push({ output: JSON.parse(JSON.stringify(output)) as Json });
    } catch (error) {
      if (!(error instanceof AppMeshServiceException)) throw error;
      const { name, message, $metadata: metadata } = error;
      played.push({ requestId: metadata.requestId ?? '', error: { type: name, message, status: metadata.httpStatusCode ?? 0, class: error.constructor.name } });
    }
  }
  return played;
}
