import {
  type AppMeshClient,
  CreateGatewayRouteCommand,
  CreateMeshCommand,
  CreateRouteCommand,
  CreateVirtualGatewayCommand,
  CreateVirtualNodeCommand,
  CreateVirtualRouterCommand,
  CreateVirtualServiceCommand,
  DeleteGatewayRouteCommand,
  DeleteMeshCommand,
  DeleteRouteCommand,
  DeleteVirtualGatewayCommand,
  DeleteVirtualNodeCommand,
  DeleteVirtualRouterCommand,
  DeleteVirtualServiceCommand,
  DescribeGatewayRouteCommand,
  DescribeMeshCommand,
  DescribeRouteCommand,
  DescribeVirtualGatewayCommand,
  DescribeVirtualNodeCommand,
  DescribeVirtualRouterCommand,
  DescribeVirtualServiceCommand,
  UpdateGatewayRouteCommand,
  UpdateMeshCommand,
  UpdateRouteCommand,
  UpdateVirtualGatewayCommand,
  UpdateVirtualNodeCommand,
  UpdateVirtualRouterCommand,
  UpdateVirtualServiceCommand,
} from '@aws-sdk/client-app-mesh';
import type { Create } from '../contracts/mesh-file.ts';

/** What every resource of App Mesh has, whatever its kind. */
export interface ResourceData {
  readonly spec: object;
  readonly status: string;
  readonly version: number;
  readonly arn: string;
}

export type Verb = 'create' | 'describe' | 'update' | 'delete';

type Command = Parameters<AppMeshClient['send']>[0];
type CommandClass = new (input: never) => unknown;

interface Operations extends Readonly<Record<Verb, CommandClass>> {
  /** The member of an answer that holds the resource. */
  readonly member: string;
}

/** The four operations of each kind of resource. */
export const OPERATIONS: Readonly<Record<Create, Operations>> = {
  CreateMesh: { member: 'mesh', create: CreateMeshCommand, describe: DescribeMeshCommand, update: UpdateMeshCommand, delete: DeleteMeshCommand },
  CreateVirtualNode: {
    member: 'virtualNode',
    create: CreateVirtualNodeCommand,
    describe: DescribeVirtualNodeCommand,
    update: UpdateVirtualNodeCommand,
    delete: DeleteVirtualNodeCommand,
  },
  CreateVirtualRouter: {
    member: 'virtualRouter',
    create: CreateVirtualRouterCommand,
    describe: DescribeVirtualRouterCommand,
    update: UpdateVirtualRouterCommand,
    delete: DeleteVirtualRouterCommand,
  },
  CreateVirtualGateway: {
    member: 'virtualGateway',
    create: CreateVirtualGatewayCommand,
    describe: DescribeVirtualGatewayCommand,
    update: UpdateVirtualGatewayCommand,
    delete: DeleteVirtualGatewayCommand,
  },
  CreateRoute: { member: 'route', create: CreateRouteCommand, describe: DescribeRouteCommand, update: UpdateRouteCommand, delete: DeleteRouteCommand },
  CreateVirtualService: {
    member: 'virtualService',
    create: CreateVirtualServiceCommand,
    describe: DescribeVirtualServiceCommand,
    update: UpdateVirtualServiceCommand,
    delete: DeleteVirtualServiceCommand,
  },
  CreateGatewayRoute: {
    member: 'gatewayRoute',
    create: CreateGatewayRouteCommand,
    describe: DescribeGatewayRouteCommand,
    update: UpdateGatewayRouteCommand,
    delete: DeleteGatewayRouteCommand,
  },
};

/** The table cannot tell the compiler which input belongs to which command; the inputs were checked against the SDK's schemas. */
export const toCommand = (create: Create, verb: Verb, input: unknown): Command => new OPERATIONS[create][verb](input as never) as Command;
