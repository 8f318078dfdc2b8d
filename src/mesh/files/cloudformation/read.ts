import { basename } from 'node:path';
import { NAMES_OF, type Create, type MeshResource } from '../../../contracts/mesh-file.ts';
import { formatPath, InvalidInput, type Mistake } from '../../../contracts/mistakes.ts';
import { inputSchema } from '../../input-schema.ts';
import { conform, type Path, type Report } from '../conform.ts';
import { reportInto, type ImportOptions, type Read, type Source } from '../source.ts';
import { createOf, TemplateScope } from './scope.ts';
import type { Template, TemplateResource } from './template.ts';

/** Where a name is due, an ARN stands for the name it ends with: `Ref` gives the ARN of App Mesh's resources. */
const nameIn = (value: unknown): unknown => (typeof value === 'string' && /^arn:[^:]+:appmesh:/.test(value) ? value.slice(value.lastIndexOf('/') + 1) : value);

interface Reading {
  readonly scope: TemplateScope;
  readonly report: Report;
  readonly options: ImportOptions;
}

/** Dynamic references are values of other services, which only CloudFormation looks up. */
function reportDynamic(value: unknown, path: Path, report: Report): void {
  if (typeof value === 'string' && value.includes('{{resolve:')) report(path, value, 'is a dynamic reference, which is not looked up here: write its value in its place');
  else if (typeof value === 'object' && value !== null) for (const [key, inner] of Object.entries(value)) reportDynamic(inner, [...path, Array.isArray(value) ? Number(key) : key], report);
}

function readResource(id: string, create: Create, { Properties: properties }: TemplateResource, { scope, report, options }: Reading): MeshResource {
  const path = ['Resources', id, 'Properties'];
  // Meshes of other accounts are meshes like all others here.
  const { MeshOwner: _, ...rest } = properties;
  const resolved = scope.resolve(rest, path);
  reportDynamic(resolved, path, report);
  const input = conform(inputSchema(create), resolved, path, { report }) as Record<string, unknown>;
  const names = scope.names(id, create);
  const named = NAMES_OF[create].map((member, index) => [member, nameIn(names[index] ?? options.names[member])] as const);
  for (const [member, name] of named) if (name === undefined) report(path, undefined, `must have ${member}`);
  return { create, input: { ...input, ...Object.fromEntries(named) } };
}

/** Every mistake once, and what is to be given once, however often it is needed; a symbol stands for what was reported before. */
function once(report: Report): Report {
  const told = new Set<string>();
  return (path, value, rule) => {
    const key = rule.includes('give it by') ? rule : `${formatPath(path)}: ${rule}`;
    if (typeof value !== 'symbol' && !told.has(key)) report(path, value, rule);
    told.add(key);
  };
}

const stackNameOf = (file: string): string => basename(file).replace(/\..*$/, '');

/**
 * The resources of App Mesh in a CloudFormation template, with every value filled in. The rest of it is left out.
 * @throws InvalidInput with every value that is not known, and how to give it
 */
export function readTemplate(template: Template, source: Source, options: ImportOptions): Read {
  const mistakes: Mistake[] = [];
  const report = once(reportInto(mistakes, source));
  const scope = new TemplateScope(template, { ...options, stackName: stackNameOf(source.file) }, report);
  const resources: Read['resources'][number][] = [];
  const leftOut: string[] = [];
  for (const [id, resource] of Object.entries(template.Resources)) {
    const create = createOf(resource?.Type ?? '');
    if (resource === undefined || create === undefined) {
      leftOut.push(resource?.Type ?? 'a resource without a type');
      continue;
    }
    const isThere = resource.Condition === undefined || scope.condition(resource.Condition, ['Resources', id, 'Condition']);
    if (isThere !== false) resources.push({ file: source.file, resource: readResource(id, create, resource, { scope, report, options }) });
  }
  if (mistakes.length > 0) throw new InvalidInput(mistakes);
  return { resources, leftOut };
}
