import { existsSync, readFileSync } from 'node:fs';
import { INTEGRATIONS } from '../../../src/local/stepfunctions/asl/resources.ts';
import { modelMembers } from '../../support/model-members.ts';

const model = modelMembers();

interface Row {
  readonly fields: readonly string[];
  readonly cells: readonly string[];
}

const page = readFileSync('docs/compatibility.md', 'utf8');
const quoted = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);

/** The rows of tables whose first cell names fields. */
const rows = (section: string): Row[] =>
  section
    .split('\n')
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\||\|$/g, '').trim()))
    .map((cells) => ({ fields: quoted(cells[0] ?? '').filter((name) => /^[A-Z]\w+\.\w+$/.test(name)), cells }))
    .filter(({ fields }) => fields.length > 0);

const [, fieldsSection = '', rest = ''] = /## Fields([\s\S]*?)### Not translated([\s\S]*?)\n## /.exec(page) ?? [];
const translated = rows(fieldsSection);
const left = rows(rest);

describe('docs/compatibility.md', () => {
  test('has every field of the model once: translated, or with the reason why not', () => {
    const named = [...translated, ...left].flatMap(({ fields }) => fields);
    expect(model.size).toBeGreaterThan(250);
    expect({
      missing: [...model].filter((field) => !named.includes(field)),
      unknown: named.filter((field) => !model.has(field)),
      twice: named.filter((field, index) => named.indexOf(field) !== index),
    }).toEqual({ missing: [], unknown: [], twice: [] });
  });

  test.each(translated.map(({ fields, cells }) => ({ fields, envoy: cells[1] ?? '', files: quoted(cells[2] ?? ''), tests: quoted(cells[3] ?? '') })))(
    '$fields.0: its translator reads it, and its test is there',
    ({ fields, envoy, files, tests }) => {
      expect(envoy).not.toBe('');
      const sources = files.map((file) => readFileSync(`src/controlplane/${file}`, 'utf8')).join('\n');
      // The members of a tagged value (http2, sds, …) are read by name or by the protocol's name.
      const unread = fields.filter((field) => !new RegExp(`\\b${field.split('.')[1] ?? ''}\\b`).test(sources));
      expect(unread).toEqual([]);
      expect(tests.length).toBeGreaterThan(0);
      expect(tests.filter((file) => !existsSync(file))).toEqual([]);
    },
  );

  test.each(left)('$fields.0 has a reason', ({ cells }) => {
    expect(cells[1]?.length).toBeGreaterThan(20);
  });

  test('names every integration of the local engine', () => {
    for (const integration of INTEGRATIONS) expect(page).toContain(`\`${integration.replace('arn:aws:states:::', '')}\``);
  });
});
