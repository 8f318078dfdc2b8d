import { isRecord } from '../../../contracts/is-record.ts';
import { NAMES_OF, type Create } from '../../../contracts/mesh-file.ts';
import type { Path, Report } from '../conform.ts';
import { FUNCTIONS, NO_VALUE, UNKNOWN, type Scope } from './functions.ts';
import type { Parameter, Template, TemplateResource } from './template.ts';

/** What is told beside the templates. */
export interface Given {
  /** Values of parameters, pseudo parameters, and of what is known only once it is deployed (`LOGICALID`, `LOGICALID.ATTRIBUTE`). */
  readonly params: ReadonlyMap<string, string>;
  /** Exports of other stacks. */
  readonly imports: ReadonlyMap<string, string>;
  readonly region: string;
  /** Default of `AWS::StackName`. */
  readonly stackName: string;
}

const PREFIX = 'AWS::AppMesh::';

/** The operation for a type of App Mesh's resources, `CreateVirtualNode` for `AWS::AppMesh::VirtualNode`. */
export function createOf(type: string): Create | undefined {
  const create = type.startsWith(PREFIX) ? `Create${type.slice(PREFIX.length)}` : '';
  return create in NAMES_OF ? (create as Create) : undefined;
}

/** `virtualNodeName` → `VirtualNodeName`. */
const property = (member: string): string => `${member.charAt(0).toUpperCase()}${member.slice(1)}`;

/** The account is the local runtime's own, unless told otherwise. */
const pseudoParameters = ({ region, stackName }: Given): Readonly<Record<string, unknown>> => ({
  'AWS::NoValue': NO_VALUE,
  'AWS::Region': region,
  'AWS::AccountId': '000000000000',
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
  'AWS::StackName': stackName,
  'AWS::StackId': `arn:aws:cloudformation:${region}:000000000000:stack/${stackName}/00000000-0000-0000-0000-000000000000`,
  'AWS::NotificationARNs': [],
});

const isList = (type: unknown): boolean => typeof type === 'string' && /^(?:CommaDelimitedList|List<.*>)$/.test(type);
const isLookedUp = (type: unknown): boolean => typeof type === 'string' && type.startsWith('AWS::SSM::');

const toText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const isFunction = (value: Readonly<Record<string, unknown>>): boolean => {
  const [key = '', ...others] = Object.keys(value);
  return others.length === 0 && (key.startsWith('Fn::') || key === 'Ref' || (key === 'Condition' && typeof value[key] === 'string'));
};

/** Values of a template, as far as they are known before anything is deployed. What is not is reported, with how to give it. */
export class TemplateScope implements Scope {
  readonly #template: Template;
  readonly #given: Given;
  readonly #report: Report;
  readonly #pseudo: Readonly<Record<string, unknown>>;
  /** What is being looked up: something that needs itself has no value. */
  readonly #underWay = new Set<string>();

  constructor(template: Template, given: Given, report: Report) {
    this.#template = template;
    this.#given = given;
    this.#report = report;
    this.#pseudo = pseudoParameters(given);
  }

  unknown(path: Path, value: unknown, rule: string): typeof UNKNOWN {
    this.#report(path, value, rule);
    return UNKNOWN;
  }

  resolve(value: unknown, path: Path): unknown {
    if (Array.isArray(value)) return value.map((item: unknown, index) => this.resolve(item, [...path, index])).filter((item) => item !== NO_VALUE);
    if (!isRecord(value)) return value;
    if (isFunction(value)) return this.#call(value, path);
    const entries = Object.entries(value).map(([name, inner]) => [name, this.resolve(inner, [...path, name])] as const);
    return Object.fromEntries(entries.filter(([, inner]) => inner !== NO_VALUE));
  }

  reference(name: string, path: Path): unknown {
    const parameter = this.#template.Parameters[name];
    if (parameter !== undefined) return this.#parameter(name, parameter, path);
    const told = this.#given.params.get(name) ?? this.#pseudo[name];
    if (told !== undefined) return told;
    const resource = this.#template.Resources[name];
    if (resource === undefined) return this.unknown(path, name, 'must name a parameter or a resource of the template');
    const create = createOf(resource.Type);
    if (create !== undefined) return this.#once(name, path, () => this.#arn(name, create, path));
    return this.unknown(path, name, `is known only once ${resource.Type} is deployed: give it by --param ${name}=VALUE`);
  }

  attribute(id: string, name: string, path: Path): unknown {
    const key = `${id}.${name}`;
    const told = this.#given.params.get(key);
    if (told !== undefined) return told;
    const resource = this.#template.Resources[id];
    if (resource === undefined) return this.unknown(path, key, `must name a resource of the template: give what another template makes by --param ${key}=VALUE`);
    const found = this.#once(key, path, () => this.#ofMesh(id, resource, name, path) ?? this.resolve(resource.Properties[name], ['Resources', id, 'Properties', name]));
    return found ?? this.unknown(path, key, `is known only once ${resource.Type} is deployed: give it by --param ${key}=VALUE`);
  }

  condition(name: string, path: Path): unknown {
    const condition = this.#template.Conditions[name];
    if (condition === undefined) return this.unknown(path, name, 'must name a condition of the template');
    return this.#once(`Conditions.${name}`, path, () => this.resolve(condition, ['Conditions', name]));
  }

  mapping([map, first, second]: readonly [string, string, string]): unknown {
    return this.#template.Mappings[map]?.[first]?.[second];
  }

  imported(name: string): string | undefined {
    return this.#given.imports.get(name);
  }

  /** The names that lead to one of App Mesh's resources. CloudFormation makes up its own name where none is given; here it is the stack's and the logical id. */
  names(id: string, create: Create): readonly unknown[] {
    const members = NAMES_OF[create];
    return members.map((member, index) => {
      const name = property(member);
      const given = this.#template.Resources[id]?.Properties[name];
      if (given !== undefined) return this.resolve(given, ['Resources', id, 'Properties', name]);
      return index === members.length - 1 ? `${toText(this.reference('AWS::StackName', []))}-${id}` : undefined;
    });
  }

  #call(value: Readonly<Record<string, unknown>>, path: Path): unknown {
    const [key = ''] = Object.keys(value);
    const run = FUNCTIONS[key];
    return run === undefined ? this.unknown([...path, key], value[key], 'is a function that is not resolved here: write its value in its place') : run(value[key], [...path, key], this);
  }

  #once(key: string, path: Path, look: () => unknown): unknown {
    if (this.#underWay.has(key)) return this.unknown(path, key, 'must not depend on itself');
    this.#underWay.add(key);
    try {
      return look();
    } finally {
      this.#underWay.delete(key);
    }
  }

  #parameter(name: string, { Type: type, Default: fallback, AllowedValues: allowed }: Parameter, path: Path): unknown {
    const value = this.#given.params.get(name) ?? (isLookedUp(type) ? undefined : fallback);
    if (value === undefined) return this.unknown(path, name, `is a parameter ${isLookedUp(type) ? 'of the Systems Manager' : 'without a default'}: give it by --param ${name}=VALUE`);
    if (allowed !== undefined && !allowed.map(toText).includes(toText(value))) return this.unknown(path, value, `must be one of ${allowed.map(toText).join(', ')}, the allowed values of ${name}`);
    return isList(type) ? toText(value).split(',').map((item) => item.trim()) : value;
  }

  /** `mesh/M/virtualRouter/R/route/N` */
  #arn(id: string, create: Create, path: Path): string {
    const parts = this.names(id, create).flatMap((name, index) => [(NAMES_OF[create][index] ?? '').replace(/Name$/, ''), toText(name)]);
    const [partition = '', region = '', account = ''] = ['AWS::Partition', 'AWS::Region', 'AWS::AccountId'].map((name) => toText(this.reference(name, path)));
    return `arn:${partition}:appmesh:${region}:${account}:${parts.join('/')}`;
  }

  /** An attribute of one of App Mesh's resources that is known before; its uid is not. */
  #ofMesh(id: string, { Type: type }: TemplateResource, name: string, path: Path): unknown {
    const create = createOf(type);
    if (create === undefined) return undefined;
    if (name === 'Arn') return this.#arn(id, create, path);
    if (name === 'MeshOwner' || name === 'ResourceOwner') return this.reference('AWS::AccountId', path);
    const index = NAMES_OF[create].findIndex((member) => property(member) === name);
    return index < 0 ? undefined : this.names(id, create)[index];
  }
}
