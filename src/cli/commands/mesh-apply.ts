import { text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { EXIT } from '../exit-codes.ts';
import { print, table } from '../output.ts';
import { provision, type Provisioned } from '../provision.ts';
import { readMesh } from '../read-files.ts';

const CHANGES = ['created', 'updated', 'unchanged'] as const;

export const summarise = (resources: readonly Provisioned[]): Record<(typeof CHANGES)[number], number> => {
  const countOf = (change: string): number => resources.filter((resource) => resource.change === change).length;
  return { created: countOf('created'), updated: countOf('updated'), unchanged: countOf('unchanged') };
};

/** CreateVirtualNode → virtualNode */
export const kindOf = (create: string): string => create.replace(/^Create(.)/, (_, first: string) => first.toLowerCase());

async function run(call: Call): Promise<typeof EXIT.ok> {
  const resources = await readMesh(text(call, 'file'));
  const done = await provision(await connect(call.endpoint, call.io.env).stepFunctions(), resources, text(call, 'stage'));
  const summary = summarise(done);
  print(call, { ...summary, resources: done }, () => [
    ...table(['kind', 'name', 'version', 'change'], done.map(({ create, name, version, change }) => [kindOf(create), name, String(version), change]), [2]),
    CHANGES.map((change) => `${summary[change]} ${change}`).join(', '),
  ]);
  return EXIT.ok;
}

export const meshApply: Command = {
  words: ['mesh', 'apply'],
  about: 'make meshes and what is in them as files describe',
  remote: true,
  options: {
    file: { type: 'string', short: 'f', value: 'FILE|FOLDER', required: true, about: "a mesh file, or a folder of them or of the AWS CLI's input JSON files" },
    stage: { type: 'string', value: 'STAGE', default: 'dev', about: 'the stage of the stack whose state machine does it' },
  },
  details:
    'A mesh file is a list of { create: CreateVirtualNode, input: … } with the input JSON of `aws appmesh`. Applying it again changes nothing;\nthe weights of a route that exists stay as they are. In a folder, files named update-* overlay what the others create.',
  examples: ['meshshift mesh apply -f examples/pgmesh/mesh.yaml', 'meshshift mesh apply -f examples/pgmesh/cli-input'],
  run,
};
