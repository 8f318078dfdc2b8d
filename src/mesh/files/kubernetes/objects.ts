import { isRecord } from '../../../contracts/is-record.ts';
import type { Path, Report } from '../conform.ts';
import { fillPlaceholders } from '../placeholders.ts';
import type { ImportOptions, Source } from '../source.ts';

export type Labels = Readonly<Record<string, unknown>>;

/** A Kubernetes object of one of App Mesh's kinds. */
export interface KubernetesObject {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly file: string;
  /** Where it stands in its document. */
  readonly path: Path;
  readonly report: Report;
}

/** A document of Kubernetes says what it is by these two. */
export const isKubernetes = (value: unknown): value is Readonly<Record<string, unknown>> => isRecord(value) && typeof value['apiVersion'] === 'string' && typeof value['kind'] === 'string';

const record = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

/** What a document holds: itself, or the items of a list, as `kubectl get -o yaml` writes it. */
export function itemsOf(value: Readonly<Record<string, unknown>>): readonly { readonly item: unknown; readonly path: Path }[] {
  const { items } = value;
  return Array.isArray(items) && String(value['kind']).endsWith('List') ? items.map((item: unknown, index) => ({ item, path: ['items', index] })) : [{ item: value, path: [] }];
}

const GROUP = 'appmesh.k8s.aws/';
const VERSION = `${GROUP}v1beta2`;

export interface Namespace {
  readonly name: string;
  readonly labels: Labels;
}

/** A namespace, whose labels selectors look at; it may have placeholders that nobody fills in. */
export function asNamespace(item: Readonly<Record<string, unknown>>, { params }: ImportOptions): Namespace[] {
  const metadata = record(fillPlaceholders(item['metadata'], params, [], () => undefined));
  return item['kind'] === 'Namespace' && typeof metadata['name'] === 'string' ? [{ name: metadata['name'], labels: record(metadata['labels']) }] : [];
}

/** An object of App Mesh's controller with its placeholders filled in; undefined for any other object. */
export function asObject(item: Readonly<Record<string, unknown>>, path: Path, source: Source, report: Report, { params, namespace }: ImportOptions): KubernetesObject | undefined {
  const version = String(item['apiVersion']);
  if (!version.startsWith(GROUP)) return undefined;
  if (version !== VERSION) report([...path, 'apiVersion'], version, `must be ${VERSION}: ${version} is of a controller before 1.0.0`);
  const filled = record(fillPlaceholders({ metadata: record(item['metadata']), spec: record(item['spec']) }, params, path, report));
  const metadata = record(filled['metadata']);
  const name = metadata['name'];
  if (typeof name !== 'string' || name === '') report([...path, 'metadata', 'name'], name, 'must be a name');
  return {
    kind: String(item['kind']),
    name: String(name),
    namespace: typeof metadata['namespace'] === 'string' ? metadata['namespace'] : namespace,
    labels: record(metadata['labels']),
    spec: record(filled['spec']),
    file: source.file,
    path,
    report,
  };
}

/** Whether labels fit a selector: every label it names, and every expression. One that is not there selects nothing in particular, and fits. */
export function fits(selector: unknown, labels: Labels): boolean {
  if (!isRecord(selector)) return true;
  const wanted = Object.entries(record(selector['matchLabels']));
  const expressions = Array.isArray(selector['matchExpressions']) ? selector['matchExpressions'].filter(isRecord) : [];
  return wanted.every(([key, value]) => labels[key] === value) && expressions.every((expression) => fitsExpression(expression, labels));
}

function fitsExpression({ key, operator, values }: Readonly<Record<string, unknown>>, labels: Labels): boolean {
  const label = labels[String(key)];
  const isListed = Array.isArray(values) && values.includes(label);
  if (operator === 'Exists') return label !== undefined;
  if (operator === 'DoesNotExist') return label === undefined;
  return operator === 'NotIn' ? !isListed : isListed;
}
