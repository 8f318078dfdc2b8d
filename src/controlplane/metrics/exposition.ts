/** Prometheus's text format, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string>>;

/** One series at this moment; `suffix` is what a histogram's parts add to the family's name. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
  readonly suffix?: '_bucket' | '_sum' | '_count';
}

export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram' | 'summary';
  readonly samples: readonly Sample[];
}

const escapeHelp = (text: string): string => text.replace(/[\\\n]/g, (character) => (character === '\n' ? '\\n' : '\\\\'));
const escapeLabel = (text: string): string => escapeHelp(text).replaceAll('"', '\\"');

function numberOf(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : '-Inf';
}

function lineOf(name: string, { labels, value, suffix }: Sample): string {
  const list = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
  return `${name}${suffix ?? ''}${list.length === 0 ? '' : `{${list.join(',')}}`} ${numberOf(value)}\n`;
}

/** Families as text; one without a sample is left out. */
export const expose = (families: readonly Family[]): string =>
  families
    .filter(({ samples }) => samples.length > 0)
    .map(({ name, help, type, samples }) => `# HELP ${name} ${escapeHelp(help)}\n# TYPE ${name} ${type}\n${samples.map((sample) => lineOf(name, sample)).join('')}`)
    .join('');

/**
 * A histogram's samples from counts between its bounds (trailing zeros may be left out). `counts` has one more than `bounds`: those beyond the last.
 * @param sum of all that was counted
 */
export function histogramSamples(labels: Labels, bounds: readonly number[], counts: readonly number[], sum: number): Sample[] {
  let below = 0;
  const buckets = bounds.map((bound, index): Sample => ({ labels: { ...labels, le: String(bound) }, value: (below += counts[index] ?? 0), suffix: '_bucket' }));
  const all = below + (counts[bounds.length] ?? 0);
  return [
    ...buckets,
    { labels: { ...labels, le: '+Inf' }, value: all, suffix: '_bucket' },
    { labels, value: sum, suffix: '_sum' },
    { labels, value: all, suffix: '_count' },
  ];
}
