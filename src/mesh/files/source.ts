import type { MeshResource } from '../../contracts/mesh-file.ts';
import { formatPath, type LineOf, type Mistake } from '../../contracts/mistakes.ts';
import type { Report } from './conform.ts';

/** One document of a file. */
export interface Source {
  readonly file: string;
  readonly value: unknown;
  readonly lineOf: LineOf;
}

/** A resource, and where it comes from. */
export interface Sourced {
  readonly file: string;
  readonly resource: MeshResource;
}

/** What is told beside the files, and fills in what they leave open. */
export interface ImportOptions {
  /** Values of parameters, pseudo parameters, what is known only once it is deployed, and placeholders. */
  readonly params: ReadonlyMap<string, string>;
  /** Exports of other CloudFormation stacks. */
  readonly imports: ReadonlyMap<string, string>;
  /** Names as flags of `aws appmesh` give them beside an input: meshName, virtualNodeName, … */
  readonly names: Readonly<Record<string, string | undefined>>;
  /** The namespace of Kubernetes objects that name none. */
  readonly namespace: string;
  readonly region: string;
}

export const NO_OPTIONS: ImportOptions = { params: new Map(), imports: new Map(), names: {}, namespace: 'default', region: 'us-east-1' };

/** What a file holds of meshes, and how many objects of other kinds it holds. */
export interface Read {
  readonly resources: readonly Sourced[];
  readonly leftOut: readonly string[];
}

/** Notes what is wrong with a document, with its lines. */
export const reportInto =
  (mistakes: Mistake[], { file, lineOf }: Source): Report =>
  (path, value, rule) => {
    const line = lineOf(path);
    mistakes.push({ file, ...(line === undefined ? {} : { line }), path: formatPath(path), value, rule });
  };
