import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseGrants } from '../../src/controlplane/access/grants.ts';
import { parseNodeId } from '../../src/controlplane/bootstrap/node-id.ts';
import { root } from '../cli/run-cli.ts';
import { runMain } from '../cli/run-main.ts';

const page = readFileSync(join(root, 'docs/control-plane.md'), 'utf8');
const snippets = (language: string): string[] => [...page.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(([, text = '']) => text);

/** Variables of a systemd unit. */
const variablesOf = (unit: string): Record<string, string> =>
  Object.fromEntries([...unit.matchAll(/^Environment=(.*)$/gm)].flatMap(([, line = '']) => line.split(' ').map((pair) => pair.split('=') as [string, string])));

interface Named {
  readonly name: string;
  readonly value?: string;
}
const named = (list: readonly Named[]): Record<string, string> => Object.fromEntries(list.map(({ name, value = '' }) => [name, value]));

const [own = '', ec2 = ''] = snippets('ini');
const [accessKeys = '', taskDefinition = ''] = snippets('json');
const ecs = JSON.parse(taskDefinition) as { environment: Named[]; secrets: Named[] };
const pod = parse(snippets('yaml')[0] ?? '') as { containers: { env: Named[] }[] };

test('the access keys are those of a control plane', () => {
  const { keys, tokens, certificates } = parseGrants(accessKeys);
  expect([[...keys.keys()], tokens.map(({ who }) => who), [...certificates.keys()]]).toEqual([['MESHADMIN', 'MESHVIEW'], ['svc1-sidecar'], ['svc2.pgMesh.local']]);
});

describe.each([
  ['ECS', { ...named(ecs.environment), ...named(ecs.secrets) }],
  ['EKS', named(pod.containers[0]?.env ?? [])],
  ['EC2', { ...variablesOf(ec2), ...named([...ec2.matchAll(/AWS_(?:SECRET_)?ACCESS_KEY(?:_ID)?/g)].map(([name]) => ({ name }))) }],
])('the sidecar of %s', (_, variables: Record<string, string>) => {
  test('has a name that the control plane knows, its port, and credentials', () => {
    expect(Object.keys(variables).sort()).toEqual(['APPMESH_RESOURCE_ARN', 'APPMESH_XDS_ENDPOINT', 'AWS_ACCESS_KEY_ID', 'AWS_REGION', 'AWS_SECRET_ACCESS_KEY']);
    expect(parseNodeId(variables['APPMESH_RESOURCE_ARN'] ?? '')).toBeDefined();
    const infra = parse(readFileSync(join(root, 'infra/control-plane.yml'), 'utf8')) as { fargate: { resources: { Resources: Record<string, { Properties: { Port?: number } }> } } };
    expect(variables['APPMESH_XDS_ENDPOINT']).toMatch(new RegExp(`^[\\w.]+:${infra.fargate.resources.Resources['ControlPlaneXdsListener']?.Properties.Port ?? ''}$`));
  });
});

test('every variable that the page, the image and the stack name is one that the command takes, and the page names them all', async () => {
  const { stdout } = await runMain(['serve', '--help']);
  const known = new Set(stdout.match(/MESHSHIFT_\w+/g));
  const told = (text: string): string[] => [...new Set(text.match(/MESHSHIFT_\w+/g))];
  for (const text of [page, own, readFileSync(join(root, 'Dockerfile'), 'utf8'), readFileSync(join(root, 'infra/control-plane.yml'), 'utf8')]) {
    expect(told(text).filter((name) => !known.has(name) && !name.startsWith('MESHSHIFT_PROMETHEUS_'))).toEqual([]);
  }
  expect([...known].filter((name) => !page.includes(name))).toEqual([]);
});

test('every parameter that the page names is one of the stack’s, and none of the control plane’s is left out', () => {
  const stack = ['serverless.yml', 'infra/control-plane.yml', 'infra/roles.cjs', 'infra/network.yml'].map((file) => readFileSync(join(root, file), 'utf8')).join('\n');
  const taken = new Set([...stack.matchAll(/\$\{param:(\w+)/g)].map(([, name = '']) => name));
  const told = new Set([...page.matchAll(/--param (\w+)=|`(controlPlane\w+)`/g)].map(([, flag, name]) => flag ?? name ?? ''));
  expect([...told].filter((name) => !taken.has(name))).toEqual([]);
  expect([...taken].filter((name) => name.startsWith('controlPlane') && !told.has(name))).toEqual([]);
});
