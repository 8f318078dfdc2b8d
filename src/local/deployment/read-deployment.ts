import { dirname, resolve } from 'node:path';
import { capitalise, collectResources, parseConfiguration, type Configuration, type FunctionEntry } from './configuration.ts';
import { DeploymentError } from './errors.ts';
import { requireText, resolveIntrinsics, type IntrinsicScope, type ResourceValues } from './intrinsics.ts';
import { readResources } from './read-resources.ts';
import { isKnownType, valuesOf, type TemplateResource } from './resources.ts';
import type { DeployedFunction, Deployment } from './types.ts';
import { Variables } from './variables.ts';

export interface ReadDeploymentOptions {
  /** Path of serverless.yml. */
  readonly file: string;
  readonly region: string;
  readonly accountId: string;
  readonly stage?: string;
  /** Values of `${param:…}`. */
  readonly params?: Readonly<Record<string, string>>;
}

/** What Ref, Fn::GetAtt and Fn::Sub resolve to, of a set of resources. @throws DeploymentError for a type that is not known. */
export function openScope(file: string, resources: ReadonlyMap<string, TemplateResource>, options: ReadDeploymentOptions): IntrinsicScope {
  const values = new Map<string, ResourceValues>();
  for (const [id, resource] of resources) {
    if (!isKnownType(resource.Type)) throw new DeploymentError({ file, path: `resources.${id}.Type`, value: resource.Type }, 'is no resource type that the local runtime knows');
    const found = valuesOf(id, resource, options);
    if (found !== undefined) values.set(id, found);
  }
  return { file, region: options.region, accountId: options.accountId, resources: values };
}

function resolveEnvironment(variables: Readonly<Record<string, unknown>>, scope: IntrinsicScope, path: string): Record<string, string> {
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => {
      const resolved = resolveIntrinsics(value, scope, `${path}.${name}`);
      return [name, typeof resolved === 'number' ? String(resolved) : requireText(resolved, scope, `${path}.${name}`)];
    }),
  );
}

function readFunction([key, entry]: FunctionEntry, { provider }: Configuration, scope: IntrinsicScope): DeployedFunction {
  const values = scope.resources.get(`${capitalise(key)}LambdaFunction`);
  const dot = entry.handler.lastIndexOf('.');
  return {
    key,
    name: values?.ref ?? key,
    arn: values?.attributes['Arn'] ?? '',
    // Bundles are ES modules: `path/to/file.export` is path/to/file.mjs.
    module: resolve(dirname(scope.file), `${entry.handler.slice(0, dot)}.mjs`),
    exportName: entry.handler.slice(dot + 1),
    environment: {
      ...resolveEnvironment(provider.environment, scope, 'provider.environment'),
      ...resolveEnvironment(entry.environment, scope, `functions.${key}.environment`),
    },
    timeoutSeconds: entry.timeout ?? provider.timeout,
    memoryMiB: entry.memorySize ?? provider.memorySize,
    routes: entry.events.map(({ httpApi }) => ({ method: httpApi.method, path: httpApi.path })),
  };
}

/**
 * Reads serverless.yml with all it includes. The list of what it resolves is closed: `${file}`, `${self}`, `${sls:stage}`, `${opt}`, `${param}`,
 * Ref, Fn::GetAtt and Fn::Sub.
 * @throws DeploymentError naming file, path, value and rule for anything else.
 */
export function readDeployment(options: ReadDeploymentOptions): Deployment {
  const { stage = 'dev', params = {} } = options;
  const file = resolve(options.file);
  const config = parseConfiguration(new Variables(file, { sls: { stage }, opt: { stage, region: options.region }, param: params }).resolveAll(), file);
  const resources = collectResources(config);
  const scope = openScope(file, resources, options);
  return {
    service: config.service,
    stage: config.provider.stage,
    functions: Object.entries(config.functions).map((entry) => readFunction(entry, config, scope)),
    ...readResources(resources, scope),
  };
}
