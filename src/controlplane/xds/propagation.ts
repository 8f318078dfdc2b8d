import { createHash } from 'node:crypto';
import { acmUsesOf } from '../certificates/acm-uses.ts';
import { isMissing, keyPairOf, type CertificateSource } from '../certificates/port.ts';
import type { MeshView, Resource } from '../model/resources.ts';
import type { Publisher } from '../snapshot/publisher.ts';
import { sourceKey } from '../snapshot/tracked-lookup.ts';
import type { ConnectedProxy } from './ads-service.ts';
import type { StreamState } from './ads-stream.ts';

/** How far a mesh's configuration has come. */
export interface Propagation {
  readonly mesh: string;
  /** Changes with every change of the mesh, and with nothing else. */
  readonly version: string;
  readonly proxies: readonly { readonly nodeId: string; readonly kind: 'envoy' | 'grpc'; readonly state: StreamState['state']; readonly error?: string }[];
  /** Per resource at its present version: how many connected proxies that depend on it have accepted, not yet answered, or refused the configuration that holds it. */
  readonly resources: readonly ResourcePropagation[];
  /** Certificates and authorities that specs name by their ARN and that are not there, or not as their files have them now. */
  readonly certificates: readonly CertificateProblem[];
}

export interface CertificateProblem {
  readonly arn: string;
  readonly kind: string;
  readonly name: string;
  /** Such as `spec.listeners[0].tls.certificate.acm.certificateArn`. */
  readonly field: string;
  /** Whether some older certificate is served meanwhile. */
  readonly state: 'missing' | 'outdated';
  /** Why, and what to do. */
  readonly problem: string;
}

export interface ResourcePropagation {
  readonly kind: string;
  /** Of a route or gateway route also its parent. */
  readonly name: string;
  readonly parent?: string;
  readonly version: number;
  readonly acked: number;
  readonly pending: number;
  readonly rejected: number;
}

const resourcesOf = (view: MeshView): Resource[] => [
  view.mesh,
  ...view.virtualNodes.values(),
  ...view.virtualRouters.values(),
  ...view.routes.values(),
  ...view.virtualServices.values(),
  ...view.virtualGateways.values(),
  ...view.gatewayRoutes.values(),
];

const keyOf = ({ kind, name, parent }: Resource): string => (parent === undefined ? sourceKey(kind, name) : sourceKey(kind, parent, name));

function versionOf(resources: readonly Resource[]): string {
  const hash = createHash('sha256');
  for (const resource of resources) hash.update(`${keyOf(resource)} ${resource.metadata.uid} ${resource.metadata.version}\n`);
  return hash.digest('hex').slice(0, 16);
}

/** What cannot be published is refused by this side, before any proxy sees it. */
function stateOf({ proxy, stream }: ConnectedProxy, publisher: Publisher): StreamState {
  const problem = publisher.problemOf(proxy);
  return problem === undefined ? stream.state : { state: 'rejected', error: problem };
}

interface Told {
  readonly connected: ConnectedProxy;
  readonly state: StreamState;
}

const tellProxy = ({ connected: { proxy, stream }, state }: Told): Propagation['proxies'][number] => ({ nodeId: stream.nodeId, kind: proxy.client, ...state });

/** A proxy counts for a resource that its configuration was built from; an older version in it means it is still to come. */
function countFor(resource: Resource, proxies: readonly Told[]): ResourcePropagation {
  const count = { acked: 0, pending: 0, rejected: 0 };
  const { kind, name, parent, metadata } = resource;
  for (const { connected, state } of proxies) {
    const built = connected.stream.target?.sources.get(keyOf(resource));
    if (built === undefined) continue;
    count[built === metadata.version || state.state === 'rejected' ? state.state : 'pending'] += 1;
  }
  return { kind, name, ...(parent === undefined ? {} : { parent }), version: metadata.version, ...count };
}

function problemsOf({ kind, name, spec }: Resource, certificates: CertificateSource): CertificateProblem[] {
  return acmUsesOf(spec).flatMap(({ arn, field, needsKey }): CertificateProblem[] => {
    const found = needsKey ? keyPairOf(certificates, arn) : certificates.of(arn);
    if (isMissing(found)) return [{ arn, kind, name, field, state: 'missing', problem: found.missing }];
    return found.problem === undefined ? [] : [{ arn, kind, name, field, state: 'outdated', problem: found.problem }];
  });
}

/**
 * Answers `GET /meshshift/v1/propagation/{mesh}?virtualRouter=…&route=…`: one route, and the proxies that depend on it. Who waits for a route asks again
 * and again, and a mesh may have thousands.
 */
export function routePropagationOf(view: MeshView, connected: readonly ConnectedProxy[], publisher: Publisher, virtualRouter: string, name: string): Propagation {
  const mesh = view.mesh.name;
  const found = view.routes.get(`${virtualRouter}/${name}`);
  const resources = found === undefined ? [] : [found];
  const isOf = ({ proxy, stream }: ConnectedProxy): boolean => proxy.mesh === mesh && resources.some((resource) => stream.target?.sources.has(keyOf(resource)) === true);
  const proxies = connected.filter(isOf).map((one) => ({ connected: one, state: stateOf(one, publisher) }));
  return { mesh, version: versionOf(resources), proxies: proxies.map(tellProxy), resources: resources.map((resource) => countFor(resource, proxies)), certificates: [] };
}

/** Answers `GET /meshshift/v1/propagation/{mesh}`. */
export function propagationOf(view: MeshView, connected: readonly ConnectedProxy[], publisher: Publisher): Propagation {
  const mesh = view.mesh.name;
  const resources = resourcesOf(view);
  const proxies = connected.filter(({ proxy }) => proxy.mesh === mesh).map((one) => ({ connected: one, state: stateOf(one, publisher) }));
  return {
    mesh,
    version: versionOf(resources),
    proxies: proxies.map(tellProxy),
    resources: resources.map((resource) => countFor(resource, proxies)),
    certificates: [...view.virtualNodes.values(), ...view.virtualGateways.values()].flatMap((resource) => problemsOf(resource, publisher.certificates)),
  };
}
