import {
  CreateGatewayRouteInput$,
  CreateMeshInput$,
  CreateRouteInput$,
  CreateVirtualGatewayInput$,
  CreateVirtualNodeInput$,
  CreateVirtualRouterInput$,
  CreateVirtualServiceInput$,
} from '@aws-sdk/client-app-mesh';
import { NormalizedSchema } from '@smithy/core/schema';
import type { Create } from '../contracts/mesh-file.ts';

/** The runtime schemas that the SDK exports; each by its name, so that bundles have no more of the SDK's model than they use. */
const INPUTS: Readonly<Record<Create, Parameters<typeof NormalizedSchema.of>[0]>> = {
  CreateMesh: CreateMeshInput$,
  CreateVirtualNode: CreateVirtualNodeInput$,
  CreateVirtualRouter: CreateVirtualRouterInput$,
  CreateVirtualGateway: CreateVirtualGatewayInput$,
  CreateRoute: CreateRouteInput$,
  CreateVirtualService: CreateVirtualServiceInput$,
  CreateGatewayRoute: CreateGatewayRouteInput$,
};

/** The SDK's own schema of an operation's input. */
export const inputSchema = (create: Create): NormalizedSchema => NormalizedSchema.of(INPUTS[create]);

/** The schema of the input's `spec`. */
export function specSchema(create: Create): NormalizedSchema {
  const spec = new Map(inputSchema(create).structIterator()).get('spec');
  if (spec === undefined) throw new Error(`${create} has no spec`);
  return spec;
}

