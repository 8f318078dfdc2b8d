import { NAMES_OF } from '../../contracts/mesh-file.ts';
import { planResource } from '../../mesh/ensure.ts';
import type { MeshFiles } from '../../mesh/files/read-mesh-files.ts';
import type { ImportOptions } from '../../mesh/files/source.ts';
import { reviewBefore } from '../../mesh/review.ts';
import { flag, optionalText, text, texts, type Call, type Command, type Option } from '../command.ts';
import { connect } from '../client.ts';
import { misuse } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { print, table } from '../output.ts';
import { kindOf, provision, type Provisioned } from '../provision.ts';
import { readMesh } from '../read-files.ts';
import { regionOf } from '../region.ts';

const CHANGES = ['created', 'updated', 'unchanged'] as const;

const summarise = (resources: readonly Provisioned[]): Record<(typeof CHANGES)[number], number> => {
  const countOf = (change: string): number => resources.filter((resource) => resource.change === change).length;
  return { created: countOf('created'), updated: countOf('updated'), unchanged: countOf('unchanged') };
};

/** virtualNodeName → virtual-node-name: the flags of `aws appmesh` that give names. The mesh has a shorter one. */
const flagOf = (member: string): string => (member === 'meshName' ? 'mesh' : member.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`));

const NAMES = [...new Set(Object.values(NAMES_OF).flat())];

const NAME_OPTIONS: Readonly<Record<string, Option>> = Object.fromEntries(
  NAMES.filter((member) => member !== 'meshName').map((member) => [flagOf(member), { type: 'string', value: 'NAME', about: `the ${member} of an input that leaves it to \`aws appmesh\`` }]),
);

/** `NAME=VALUE`, several times. @throws UsageError */
function assignments(call: Call, option: string): Map<string, string> {
  return new Map(
    texts(call, option).map((assignment) => {
      const at = assignment.indexOf('=');
      if (at < 1) throw misuse('mesh apply', `--${option}: ${assignment}: must be NAME=VALUE`);
      return [assignment.slice(0, at), assignment.slice(at + 1)];
    }),
  );
}

const importOptions = (call: Call): ImportOptions => ({
  params: assignments(call, 'param'),
  imports: assignments(call, 'import'),
  names: Object.fromEntries(NAMES.map((member) => [member, optionalText(call, flagOf(member))])),
  namespace: text(call, 'namespace'),
  region: regionOf(call.io.env),
});

/** What would be done; nothing is. @throws InvalidInput for what refers to nothing */
async function plan(call: Call, { resources }: MeshFiles): Promise<readonly Provisioned[]> {
  const mesh = await connect(call.endpoint, call.io.env).mesh();
  try {
    await reviewBefore(mesh, resources);
    const planned: Provisioned[] = [];
    for (const resource of resources) planned.push(await planResource(mesh, resource));
    return planned;
  } finally {
    mesh.close();
  }
}

const describeLeftOut = (leftOut: MeshFiles['leftOut']): string[] => {
  const counts = Object.entries(leftOut).map(([what, count]) => `${count} ${what}`);
  return counts.length === 0 ? [] : [`left out: ${counts.join(', ')}`];
};

async function run(call: Call): Promise<typeof EXIT.ok> {
  const read = await readMesh(texts(call, 'file'), importOptions(call));
  const isDry = flag(call, 'dry-run');
  const done = isDry ? await plan(call, read) : await provision(await connect(call.endpoint, call.io.env).stepFunctions(), read.resources, text(call, 'stage'));
  const summary = summarise(done);
  print(call, { ...(isDry ? { dryRun: true } : {}), ...summary, resources: done, leftOut: read.leftOut }, () => [
    ...table(['kind', 'name', 'version', isDry ? 'would be' : 'change'], done.map((resource) => [kindOf(resource), resource.name, String(resource.version), resource.change]), [2]),
    `${isDry ? 'would be: ' : ''}${CHANGES.map((change) => `${summary[change]} ${change}`).join(', ')}`,
    ...describeLeftOut(read.leftOut),
  ]);
  return EXIT.ok;
}

export const meshApply: Command = {
  words: ['mesh', 'apply'],
  about: 'make meshes and what is in them as files describe: mesh files, CLI inputs, CloudFormation, Kubernetes',
  remote: true,
  options: {
    file: { type: 'string', short: 'f', value: 'FILE|FOLDER', required: true, multiple: true, about: 'a file, or a folder of files, of any of these forms' },
    'dry-run': { type: 'boolean', about: 'say what would be done, and do nothing' },
    mesh: { type: 'string', value: 'NAME', about: 'the mesh of what names none' },
    param: { type: 'string', value: 'NAME=VALUE', multiple: true, about: 'a parameter of a template, what is known only once something is deployed (LOGICALID.ATTRIBUTE), or a placeholder ${NAME}' },
    import: { type: 'string', value: 'NAME=VALUE', multiple: true, about: 'an export of another CloudFormation stack' },
    namespace: { type: 'string', short: 'n', value: 'NAME', default: 'default', about: 'the namespace of Kubernetes objects that name none' },
    ...NAME_OPTIONS,
    stage: { type: 'string', value: 'STAGE', default: 'dev', about: 'the stage of the stack whose state machine does it' },
  },
  details:
    "Takes what there is: lists of { create: CreateVirtualNode, input: … }, input JSON of `aws appmesh` (and what its describe commands answered), CloudFormation\ntemplates, manifests of App Mesh's Kubernetes controller. docs/migration.md says what becomes of each. Applying again changes nothing; the weights of a route\nthat exists stay as they are. In a folder, files named update-* overlay what the others create.",
  examples: [
    'meshshift mesh apply -f examples/pgmesh/mesh.yaml',
    'meshshift mesh apply -f template.yaml --param EnvironmentName=prod --dry-run',
    'meshshift mesh apply -f k8s/ -n shop --mesh shop',
    'meshshift mesh apply -f svc1.json --mesh pgMesh --virtual-node-name svc1',
  ],
  run,
};
