import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silent } from '../../src/contracts/log.ts';
import { startRuntime, type Runtime } from '../../src/local/runtime.ts';
import { definition as svc1 } from '../handlers/pgmesh.ts';
import { describeWith, hasCommand } from '../support/components.ts';
import { eventually } from '../support/eventually.ts';

const ROOT = join(import.meta.dirname, '../..');

/** The commands of a section of docs/aws.md, as they stand there. */
function commandsOf(section: string): string[] {
  const [, text = ''] = new RegExp(`\\n## ${section}\\n([^]*?)\\n## `).exec(readFileSync(join(ROOT, 'docs/aws.md'), 'utf8')) ?? [];
  return [...text.matchAll(/```sh\n([^]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
}

const definition = {
  ...svc1,
  steps: [50],
  bake: '1h',
  deadline: '4h',
  analysis: { noTraffic: 'advance' },
  alarms: { names: ['svc1-5xx'], alreadyRaised: 'ignore' },
};

describeWith('the AWS CLI', hasCommand('aws'), 'docs/aws.md', () => {
  let folder: string;
  let runtime: Runtime;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'meshshift-documented-'));
    runtime = await startRuntime({ port: 0, xdsPort: 0, dataFolder: folder, deploymentFile: join(ROOT, 'serverless.yml'), log: silent });
  }, 60_000);
  afterAll(async () => {
    await runtime.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = async (method: string, path: string, body?: object): Promise<unknown> =>
    (await fetch(`${runtime.url}/meshshift/v1${path}`, { method, headers: { 'content-type': 'application/json' }, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })).json();

  test('each command to start a rollout works as it stands there', async () => {
    await ask('PUT', '/canaries/svc1', definition);
    const commands = commandsOf('Start rollouts');
    expect(commands.length).toBeGreaterThanOrEqual(7);
    const env = { ...process.env, AWS_ENDPOINT_URL: runtime.url, AWS_REGION: 'us-east-1', AWS_DEFAULT_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' };
    for (const command of commands) {
      const { stdout } = await promisify(execFile)('/bin/sh', ['-c', command], { cwd: ROOT, env });
      const answer = JSON.parse(stdout || '{}') as { FailedEntryCount?: number; FunctionError?: string };
      expect({ command, failed: answer.FailedEntryCount ?? 0, error: answer.FunctionError }).toEqual({ command, failed: 0, error: undefined });
    }
    // There is no mesh: each rollout ends at once, and says so.
    const rollouts = await eventually(async () => {
      const found = (await ask('GET', '/rollouts')) as { rollouts: { trigger: string; image: { tag: string } }[] };
      return found.rollouts.length >= 2 ? found.rollouts : undefined;
    }, 'the rollouts that were started');
    expect(rollouts.map(({ trigger, image }) => `${trigger} ${image.tag}`).toSorted()).toEqual(['by hand v2', 'image push (meshshift.sample) v2']);
  }, 120_000);
});
