import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import * as z from 'zod/mini';
import { fillTemplate, matchesGlob } from '../../canary/name-version.ts';
import { parseInput } from '../../contracts/mistakes.ts';
import { readText } from '../../contracts/read-text.ts';

const TEMPLATE_RULE = 'may hold no template but {{tag}}';
const text = (rule: string) => z.string(rule).check(z.maxLength(4096, 'must have at most 4096 characters'), z.refine((value) => !/\{\{(?!tag\}\})/.test(value), TEMPLATE_RULE));
const ENV_RULE = 'must be strings by the names of environment variables';

const entry = z.strictObject({
  mesh: z.string('must be the name of a mesh').check(z.minLength(1, 'must not be empty')),
  virtualNode: text('must be the name of a virtual node, {{tag}} in it if each version has its own').check(z.minLength(1, 'must not be empty')),
  tag: z._default(z.string('must be a tag or a pattern with * and ?').check(z.minLength(1, 'must not be empty')), '*'),
  command: z.array(text('must be a string'), 'must be a list: the program and its arguments').check(
    z.minLength(1, 'must name a program'),
    z.refine(([program = '']) => program !== '' && !program.includes('{{'), 'must begin with a program that does not depend on the tag'),
  ),
  env: z._default(z.record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/, ENV_RULE)), text('must be a string (quote numbers)'), ENV_RULE), {}),
});

const schema = z.strictObject({ workloads: z.array(entry, 'must be a list of { mesh, virtualNode, command }').check(z.minLength(1, 'must hold at least one workload')) });

/** What is run: no shell takes part, so nothing in a tag can become a command. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly folder: string;
}

/** The commands that a machine's owner allows, read once. */
export interface WorkloadsFile {
  /** The command for a version of a virtual node, by the first entry that fits; undefined when none does. */
  find(mesh: string, virtualNode: string, tag: string): Command | undefined;
}

/** An image tag by the grammar of OCI; it cannot begin with a dot or a dash, so it is neither a path nor an option. */
export const imageTag = z.string('must be an image tag').check(z.regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/, 'must be an image tag: letters, digits, _, . and -, at most 128, the first no . or -'));

const fits = (mesh: string, virtualNode: string, tag: string) => (workload: z.infer<typeof entry>): boolean =>
  workload.mesh === mesh && matchesGlob(workload.tag, tag) && fillTemplate(workload.virtualNode, tag) === virtualNode;

function toCommand({ command, env }: z.infer<typeof entry>, tag: string, folder: string): Command {
  const fill = (value: string): string => value.replaceAll('{{tag}}', tag);
  const [program = '', ...args] = command.map(fill);
  return {
    // The Node that runs this one, whatever the PATH holds.
    program: program === 'node' ? process.execPath : program,
    args,
    env: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)])),
    folder,
  };
}

/**
 * Reads a workloads file: `{ workloads: [{ mesh, virtualNode, tag?, command, env? }] }`, YAML or JSON.
 * @throws InvalidInput with every mistake; the file system's error when it cannot be read.
 */
export async function readWorkloadsFile(path: string): Promise<WorkloadsFile> {
  const { workloads } = parseInput(schema, readText(await readFile(path, 'utf8'), path), path);
  const folder = dirname(resolve(path));
  return {
    find: (mesh, virtualNode, tag) => {
      const found = workloads.find(fits(mesh, virtualNode, tag));
      return found && toCommand(found, tag, folder);
    },
  };
}
