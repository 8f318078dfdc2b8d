import { createHash } from 'node:crypto';
import { TransientFault } from '../../contracts/faults.ts';
import type { EcsSettings } from '../../contracts/workload.ts';
import { WorkloadFailed, type Version } from '../port.ts';
import type { Ask } from './refusals.ts';

interface Registry {
  readonly Id: string;
  readonly Arn: string;
  readonly Name: string;
  readonly Description?: string;
}

const TTL_SECONDS = 10;

/** By which a registry is known as meshshift's, and for which virtual node. */
const describe = ({ mesh, virtualNode }: Version): string => `meshshift: ${mesh}/${virtualNode}`;

async function findRegistry(cloudMap: Ask, namespace: string, wanted: (registry: Registry) => boolean): Promise<Registry | undefined> {
  for (let NextToken: string | undefined; ; ) {
    const page: { Services?: Registry[]; NextToken?: string } = await cloudMap('ListServices', { Filters: [{ Name: 'NAMESPACE_ID', Values: [namespace], Condition: 'EQ' }], MaxResults: 100, ...(NextToken === undefined ? {} : { NextToken }) });
    const found = page.Services?.find(wanted);
    NextToken = page.NextToken;
    if (found !== undefined || !NextToken) return found;
  }
}

/** The name of a host within its namespace. */
async function nameIn(cloudMap: Ask, namespace: string, hostname: string | null): Promise<string> {
  const { Namespace } = await cloudMap<{ Namespace: { Name: string } }>('GetNamespace', { Id: namespace });
  const end = `.${Namespace.Name}`;
  if (hostname?.endsWith(end) === true && hostname.length > end.length) return hostname.slice(0, -end.length);
  throw new WorkloadFailed(`canary.hostname: ${hostname ?? 'missing'}: must end in ${end}, the name of workload.namespace ${namespace}, as tasks are found by it there`);
}

/**
 * A service of AWS Cloud Map of the canary's own, by whose host name its tasks are found; undefined where the definition names no namespace. Answers its ARN.
 * @throws WorkloadFailed
 */
export async function ensureRegistry(cloudMap: Ask, version: Version<EcsSettings>): Promise<string | undefined> {
  const { settings, hostname, rollout, mesh, virtualNode } = version;
  const { namespace } = settings;
  if (namespace === undefined) return undefined;
  const name = await nameIn(cloudMap, namespace, hostname);
  const found = await findRegistry(cloudMap, namespace, ({ Name }) => Name === name);
  if (found !== undefined && found.Description !== describe(version)) throw new WorkloadFailed(`the service ${name} is there already in the namespace ${namespace}, and meshshift did not make it for ${virtualNode}`);
  if (found !== undefined) return found.Arn;
  const { Service } = await cloudMap<{ Service: Registry }>('CreateService', {
    Name: name,
    NamespaceId: namespace,
    CreatorRequestId: createHash('sha256').update(JSON.stringify([rollout, mesh, virtualNode])).digest('hex').slice(0, 32),
    Description: describe(version),
    DnsConfig: { RoutingPolicy: 'MULTIVALUE', DnsRecords: [{ Type: 'A', TTL: TTL_SECONDS }] },
    HealthCheckCustomConfig: { FailureThreshold: 1 },
    Tags: [{ Key: 'meshshift:virtual-node', Value: `${mesh}/${virtualNode}` }],
  });
  return Service.Arn;
}

/** Takes away the registry that was made for a virtual node. @throws TransientFault while tasks are still in it */
export async function removeRegistry(cloudMap: Ask, version: Version<EcsSettings>): Promise<void> {
  const { namespace } = version.settings;
  if (namespace === undefined) return;
  const found = await findRegistry(cloudMap, namespace, ({ Description }) => Description === describe(version));
  if (found === undefined) return;
  await cloudMap('DeleteService', { Id: found.Id }).catch((error: unknown) => {
    throw error instanceof Error && error.name === 'ResourceInUse' ? new TransientFault(`the tasks of ${version.virtualNode} are still in the registry ${found.Name}`, { cause: error }) : error;
  });
}
