import { isRecord } from '../../contracts/is-record.ts';
import { DeploymentError } from './errors.ts';

/** What `Ref` and `Fn::GetAtt` of one logical id give. */
export interface ResourceValues {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface IntrinsicScope {
  readonly file: string;
  readonly region: string;
  readonly accountId: string;
  readonly resources: ReadonlyMap<string, ResourceValues>;
}

type Resolver = (argument: unknown, scope: IntrinsicScope, path: string) => unknown;

function lookUp(name: string, scope: IntrinsicScope, path: string): ResourceValues {
  const values = scope.resources.get(name);
  if (values === undefined) throw new DeploymentError({ file: scope.file, path, value: name }, 'must be the logical id of a resource that the local runtime knows');
  return values;
}

function getAttribute(name: string, attribute: string, scope: IntrinsicScope, path: string): string {
  const value = lookUp(name, scope, path).attributes[attribute];
  if (value === undefined) throw new DeploymentError({ file: scope.file, path, value: `${name}.${attribute}` }, 'is no attribute that the local runtime knows');
  return value;
}

const pseudo = ({ region, accountId }: IntrinsicScope): Record<string, string> => ({
  'AWS::Region': region,
  'AWS::AccountId': accountId,
  'AWS::Partition': 'aws',
  'AWS::URLSuffix': 'amazonaws.com',
});

function ref(name: string, scope: IntrinsicScope, path: string): string {
  return pseudo(scope)[name] ?? lookUp(name, scope, path).ref;
}

function substitute(text: string, scope: IntrinsicScope, path: string): string {
  return text.replace(/\$\{([A-Za-z0-9:.]+)\}/g, (_, name: string) => {
    const [id = '', attribute] = name.split('.');
    return attribute === undefined ? ref(id, scope, path) : getAttribute(id, attribute, scope, path);
  });
}

function refuse(scope: IntrinsicScope, path: string, value: unknown, rule: string): never {
  throw new DeploymentError({ file: scope.file, path, value }, rule);
}

/** The closed list of functions that are resolved. */
const INTRINSICS: Readonly<Record<string, Resolver>> = {
  Ref: (name, scope, path) => (typeof name === 'string' ? ref(name, scope, path) : refuse(scope, path, name, 'must be a logical id')),
  'Fn::GetAtt': (argument, scope, path) => {
    const [name, attribute] = typeof argument === 'string' ? argument.split('.') : Array.isArray(argument) ? (argument as unknown[]) : [];
    if (typeof name !== 'string' || typeof attribute !== 'string') return refuse(scope, path, argument, 'must be [logical id, attribute]');
    return getAttribute(name, attribute, scope, path);
  },
  'Fn::Sub': (text, scope, path) => (typeof text === 'string' ? substitute(text, scope, path) : refuse(scope, path, text, 'must be a text: Fn::Sub with a mapping is not resolved')),
};

/**
 * A value with Ref, Fn::GetAtt and Fn::Sub resolved.
 * @throws DeploymentError for every other function and for what none of them can name.
 */
export function resolveIntrinsics(value: unknown, scope: IntrinsicScope, path: string): unknown {
  if (Array.isArray(value)) return value.map((item, index) => resolveIntrinsics(item, scope, `${path}[${index}]`));
  if (!isRecord(value)) return value;
  const [[key, argument] = [], ...others] = Object.entries(value);
  if (key !== undefined && others.length === 0) {
    const resolver = INTRINSICS[key];
    if (resolver !== undefined) return resolver(argument, scope, `${path}.${key}`);
    if (key.startsWith('Fn::')) refuse(scope, `${path}.${key}`, argument, `must be one of ${Object.keys(INTRINSICS).join(', ')}`);
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, resolveIntrinsics(inner, scope, `${path}.${name}`)]));
}

/** @throws DeploymentError for anything but text. */
export function requireText(value: unknown, scope: IntrinsicScope, path: string): string {
  if (typeof value !== 'string') throw new DeploymentError({ file: scope.file, path, value }, 'must be a text');
  return value;
}
