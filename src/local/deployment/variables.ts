import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { dirname, extname, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { isRecord } from '../../contracts/is-record.ts';
import { messageOf } from '../../contracts/message-of.ts';
import { DeploymentError } from './errors.ts';

/** What `${sls:…}`, `${opt:…}` and `${param:…}` resolve to. */
export interface VariableSources {
  readonly sls: Readonly<Record<string, string>>;
  readonly opt: Readonly<Record<string, string>>;
  readonly param: Readonly<Record<string, string>>;
}

/** `${type}`, `${type(argument)}`, `${type:address}`, each with an optional fallback; CloudFormation's `${Name}` and `${AWS::Name}` start with a capital and are left alone. */
const VARIABLE = /\$\{([a-z][A-Za-z]*)(?:\(([^)]*)\))?(?::([^,}]*))?(?:,\s*(?:'([^']*)'|"([^"]*)"|([^}]*)))?\}/g;

/** A variable within another one's braces. */
const NESTED = /(\$\{[a-z][^{}]*)(\$\{[a-z][^{}]*\})/;

/** An unquoted fallback may be a scalar of YAML's. */
const SCALARS: Readonly<Record<string, Json>> = { null: null, true: true, false: false };

interface Place {
  readonly file: string;
  readonly path: string;
}

type Json = unknown;

function pick(value: Json, address: string): Json {
  return address.split('.').reduce<Json>((inner, key) => (isRecord(inner) ? inner[key] : undefined), value);
}

/** Reads a file that serverless.yml may include: YAML, JSON or a CommonJS module. */
function readIncluded(path: string, place: Place): Json {
  const extension = extname(path);
  try {
    if (extension === '.cjs') {
      const require = createRequire(path);
      Reflect.deleteProperty(require.cache, require.resolve(path));
      return require(path) as Json;
    }
    if (extension === '.yml' || extension === '.yaml' || extension === '.json') return parse(readFileSync(path, 'utf8'), { strict: true, logLevel: 'error' }) as Json;
  } catch (cause) {
    throw new DeploymentError({ ...place, value: path }, `cannot be read: ${messageOf(cause)}`, { cause });
  }
  throw new DeploymentError({ ...place, value: path }, 'must be a .yml, .yaml, .json or .cjs file');
}

/** Resolves the variables of one serverless.yml: file, self, sls, opt and param, and refuses every other kind. */
export class Variables {
  readonly #root: string;
  readonly #sources: VariableSources;
  readonly #self: Json;

  constructor(file: string, sources: VariableSources) {
    this.#root = file;
    this.#sources = sources;
    this.#self = readIncluded(file, { file, path: '(file)' });
  }

  /** The whole configuration, resolved. */
  resolveAll(): Record<string, Json> {
    const value = this.#resolve(this.#self, { file: this.#root, path: '' }, []);
    if (!isRecord(value)) throw new DeploymentError({ file: this.#root, path: '(file)' }, 'must hold a mapping');
    return value;
  }

  #resolve(value: Json, place: Place, within: readonly string[]): Json {
    if (typeof value === 'string') return this.#resolveText(value, place, within);
    if (Array.isArray(value)) return value.map((item, index) => this.#resolve(item, { ...place, path: `${place.path}[${index}]` }, within));
    if (!isRecord(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, inner]) => [key, this.#resolve(inner, { ...place, path: place.path === '' ? key : `${place.path}.${key}` }, within)]),
    );
  }

  #resolveText(given: string, place: Place, within: readonly string[]): Json {
    const text = this.#resolveNested(given, place, within);
    const matches = [...text.matchAll(VARIABLE)];
    const [first] = matches;
    if (first === undefined) return text;
    // A text that is one variable takes its value, whatever its type; a part of a text must be a text.
    if (first[0] === text) return this.#lookUp(first, place, within);
    return text.replace(VARIABLE, (...match) => {
      const value = this.#lookUp(match.slice(0, 7) as unknown as RegExpMatchArray, place, within);
      if (typeof value !== 'string' && typeof value !== 'number') throw new DeploymentError({ ...place, value: match[0] }, 'must be a text or a number within a text');
      return String(value);
    });
  }

  #resolveNested(text: string, place: Place, within: readonly string[]): string {
    const inner = NESTED.exec(text)?.[2];
    if (inner === undefined) return text;
    const value = this.#resolveText(inner, place, within);
    if (typeof value !== 'string' && typeof value !== 'number') throw new DeploymentError({ ...place, value: inner }, 'must be a text or a number within another variable');
    return this.#resolveNested(text.replace(inner, () => String(value)), place, within);
  }

  #lookUp(match: RegExpMatchArray, place: Place, within: readonly string[]): Json {
    const [variable, type = '', argument, address = ''] = match;
    if (within.includes(variable)) throw new DeploymentError({ ...place, value: variable }, 'must not refer to itself');
    const inner = [...within, variable];
    const fallback = match[4] ?? match[5] ?? match[6];
    const found = this.#find({ variable, type, argument, address }, place, inner);
    if (found !== undefined) return found;
    if (match[6] !== undefined && match[6] in SCALARS) return SCALARS[match[6]];
    if (fallback !== undefined) return this.#resolve(fallback, place, inner);
    throw new DeploymentError({ ...place, value: variable }, 'has no value and no fallback');
  }

  #find({ variable, type, argument, address }: { variable: string; type: string; argument: string | undefined; address: string }, place: Place, within: readonly string[]): Json {
    switch (type) {
      case 'file':
        return this.#include(argument ?? '', address, place, within);
      case 'self':
        return this.#resolve(pick(this.#self, address), { file: this.#root, path: address }, within);
      case 'param':
        return this.#sources.param[address] ?? this.#resolve(this.#defaultOf(address), { file: this.#root, path: `params.${address}` }, within);
      case 'sls':
      case 'opt':
        return this.#sources[type][address];
      default:
        throw new DeploymentError({ ...place, value: variable }, 'must be one of file, self, sls, opt and param: the local runtime resolves no other variable');
    }
  }

  /** What serverless.yml itself gives a parameter: for this stage, else for all. */
  #defaultOf(name: string): Json {
    const [own, all] = [this.#sources.sls['stage'] ?? '', 'default'].map((stage) => pick(this.#self, `params.${stage}`));
    return pick(own, name) ?? pick(all, name);
  }

  #include(name: string, address: string, place: Place, within: readonly string[]): Json {
    // As the packager does: relative to the service's folder, wherever the including file is.
    const path = resolve(dirname(this.#root), name);
    const content = readIncluded(path, place);
    return this.#resolve(address === '' ? content : pick(content, address), { file: relative(process.cwd(), path), path: address }, within);
  }
}
