import { isRecord } from '../../../contracts/is-record.ts';

export interface Parameter {
  readonly Type?: unknown;
  readonly Default?: unknown;
  readonly AllowedValues?: readonly unknown[];
}

export interface TemplateResource {
  readonly Type: string;
  readonly Condition?: string;
  readonly Properties: Readonly<Record<string, unknown>>;
}

type Section<T> = Readonly<Record<string, T | undefined>>;

/** The parts of a template that values come from. */
export interface Template {
  readonly Parameters: Section<Parameter>;
  readonly Conditions: Section<unknown>;
  readonly Mappings: Section<Section<Section<unknown>>>;
  readonly Resources: Section<TemplateResource>;
}

const section = <T>(value: unknown): Section<T> => (isRecord(value) ? (value as Section<T>) : {});

const readResource = (resource: unknown): TemplateResource | undefined =>
  isRecord(resource) && typeof resource['Type'] === 'string'
    ? { Type: resource['Type'], Properties: section(resource['Properties']), ...(typeof resource['Condition'] === 'string' ? { Condition: resource['Condition'] } : {}) }
    : undefined;

/** The template that a document is, or undefined where it is none: resources by logical ids are what makes one. */
export function asTemplate(value: unknown): Template | undefined {
  if (!isRecord(value) || !isRecord(value['Resources'])) return undefined;
  const resources = Object.entries(value['Resources']).map(([id, resource]) => [id, readResource(resource)] as const);
  return {
    Parameters: section(value['Parameters']),
    Conditions: section(value['Conditions']),
    Mappings: section(value['Mappings']),
    Resources: Object.fromEntries(resources),
  };
}
