import * as z from 'zod/mini';
import { DeploymentError } from './errors.ts';
import type { TemplateResource } from './resources.ts';

const text = z.string('must be a text');
const environment = z.record(z.string(), z.unknown());
const route = z.object({ method: text, path: text });

const configuration = z.object({
  service: text,
  provider: z.object({
    stage: text,
    memorySize: z._default(z.number(), 1024),
    timeout: z._default(z.number(), 6),
    environment: z._default(environment, {}),
  }),
  functions: z.record(
    z.string(),
    z.object({
      handler: text.check(z.regex(/^[\w./-]+\.\w+$/, 'must be path/to/file.export')),
      name: z.optional(text),
      timeout: z.optional(z.number()),
      memorySize: z.optional(z.number()),
      environment: z._default(environment, {}),
      events: z._default(z.array(z.strictObject({ httpApi: route }, 'must be httpApi: rules are resources of their own')), []),
    }),
  ),
  resources: z.pipe(
    z.transform((value: unknown): unknown[] => (Array.isArray(value) ? value : [value])),
    z.array(z.object({ Resources: z.record(z.string(), z.object({ Type: text, Properties: z.record(z.string(), z.unknown()) })) })),
  ),
});
export type Configuration = z.infer<typeof configuration>;

/** @throws DeploymentError naming the first field that is not as it must be. */
export function parseConfiguration(value: unknown, file: string): Configuration {
  const result = z.safeParse(configuration, value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new DeploymentError({ file, path: issue?.path.join('.') ?? '' }, issue?.message ?? 'is not valid');
}

/** The packager's logical ids begin with a capital. */
export const capitalise = (key: string): string => key.charAt(0).toUpperCase() + key.slice(1);

export type FunctionEntry = [key: string, entry: Configuration['functions'][string]];

/** Every resource by its logical id; a function's is the packager's: `<Key>LambdaFunction`. */
export function collectResources({ service, provider, functions, resources }: Configuration): Map<string, TemplateResource> {
  const own = Object.entries(functions).map(([key, entry]): [string, TemplateResource] => [
    `${capitalise(key)}LambdaFunction`,
    { Type: 'AWS::Lambda::Function', Properties: { FunctionName: entry.name ?? `${service}-${provider.stage}-${key}` } },
  ]);
  return new Map([...own, ...resources.flatMap(({ Resources }) => Object.entries(Resources))]);
}
