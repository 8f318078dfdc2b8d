import type { Backend, VirtualNodeSpec, VirtualGatewaySpec } from '@aws-sdk/client-app-mesh';
import { isDeepStrictEqual } from 'node:util';
import type { Kind, SpecOf } from '../../model/resources.ts';
import { refuseUnless } from '../errors.ts';

interface WithHealthCheck {
  readonly portMapping?: { readonly port?: number | undefined } | undefined;
  readonly healthCheck?: { readonly port?: number | undefined } | undefined;
}

/** A health check without a port gets its listener's: the one thing App Mesh fills in. */
function fillHealthCheckPorts<S extends { readonly listeners?: readonly WithHealthCheck[] | undefined }>(spec: S): S {
  const { listeners } = spec;
  if (listeners?.some(({ healthCheck }) => healthCheck !== undefined && healthCheck.port === undefined) !== true) return spec;
  return {
    ...spec,
    listeners: listeners.map((listener) =>
      listener.healthCheck === undefined
        ? listener
        : { ...listener, healthCheck: { ...listener.healthCheck, port: listener.healthCheck.port ?? listener.portMapping?.port } },
    ),
  };
}

/** The same backend twice is one; twice with another client policy is a contradiction. */
function collapseBackends(backends: readonly Backend[]): Backend[] {
  const byService = new Map<string, Backend>();
  for (const [index, backend] of backends.entries()) {
    const name = backend.virtualService?.virtualServiceName ?? '';
    const known = byService.get(name);
    refuseUnless(
      known === undefined || isDeepStrictEqual(known, backend),
      `'spec.backends[${index}]' with value "${name}": must not differ from an earlier backend of the same virtual service`,
    );
    byService.set(name, backend);
  }
  return [...byService.values()];
}

const normaliseNode = (spec: VirtualNodeSpec): VirtualNodeSpec => {
  const filled = fillHealthCheckPorts(spec);
  return filled.backends === undefined ? filled : { ...filled, backends: collapseBackends(filled.backends) };
};

const NORMALISE: { readonly [K in Kind]?: (spec: SpecOf[K]) => SpecOf[K] } = {
  virtualNode: normaliseNode,
  virtualGateway: (spec: VirtualGatewaySpec) => fillHealthCheckPorts(spec),
};

/**
 * A spec as it is kept and shown; one that was not given (a mesh may do without) is empty.
 * @throws ApiError BadRequestException for backends that contradict each other
 */
export function normaliseSpec(kind: Kind, spec: SpecOf[Kind] | undefined): SpecOf[Kind] {
  if (spec === undefined) return {};
  return (NORMALISE[kind] as ((spec: SpecOf[Kind]) => SpecOf[Kind]) | undefined)?.(spec) ?? spec;
}
