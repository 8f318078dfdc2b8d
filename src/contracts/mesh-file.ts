import * as z from 'zod/mini';

/** What a mesh file can create, in the order that lets each find what it refers to. */
export const CREATES = [
  'CreateMesh',
  'CreateVirtualNode',
  'CreateVirtualRouter',
  'CreateVirtualGateway',
  'CreateRoute',
  'CreateVirtualService',
  'CreateGatewayRoute',
] as const;
export type Create = (typeof CREATES)[number];

/** One resource: the operation that creates it and the input JSON of the AWS CLI. */
export interface MeshResource {
  readonly create: Create;
  readonly input: Readonly<Record<string, unknown>>;
}

/** The members of an input that name its resource, outermost first. */
export const NAMES_OF: Readonly<Record<Create, readonly string[]>> = {
  CreateMesh: ['meshName'],
  CreateVirtualNode: ['meshName', 'virtualNodeName'],
  CreateVirtualRouter: ['meshName', 'virtualRouterName'],
  CreateVirtualGateway: ['meshName', 'virtualGatewayName'],
  CreateRoute: ['meshName', 'virtualRouterName', 'routeName'],
  CreateVirtualService: ['meshName', 'virtualServiceName'],
  CreateGatewayRoute: ['meshName', 'virtualGatewayName', 'gatewayRouteName'],
};

/** `pgMesh/svcNode1/svcNode1`. */
export const pathOf = ({ create, input }: MeshResource): string => NAMES_OF[create].map((name) => String(input[name])).join('/');

/** `CreateRoute pgMesh/svcNode1/svcNode1`: names the resource in messages, and tells two apart. */
export const identify = (resource: MeshResource): string => `${resource.create} ${pathOf(resource)}`;

const names = z.string('must be a name').check(z.minLength(1, 'must not be empty'), z.maxLength(255, 'must have at most 255 characters'));

/** One entry of a mesh file; also the event of the handlers that provision. The rest of `input` is checked against App Mesh's own schemas. */
export const meshResource = z
  .strictObject({ create: z.enum(CREATES, `must be one of ${CREATES.join(', ')}`), input: z.record(z.string(), z.unknown(), 'must be the input JSON of the operation') })
  .check((context) => {
    for (const name of NAMES_OF[context.value.create]) {
      const result = names.safeParse(context.value.input[name]);
      if (!result.success) context.issues.push({ code: 'custom', input: context.value.input[name], path: ['input', name], message: result.error.issues[0]?.message ?? '' });
    }
  });

const NAME_KEYS: readonly (readonly [string, Create])[] = [
  ['gatewayRouteName', 'CreateGatewayRoute'],
  ['routeName', 'CreateRoute'],
  ['virtualNodeName', 'CreateVirtualNode'],
  ['virtualServiceName', 'CreateVirtualService'],
  ['virtualRouterName', 'CreateVirtualRouter'],
  ['virtualGatewayName', 'CreateVirtualGateway'],
  ['meshName', 'CreateMesh'],
];

/** The operation that an input of the CLI is for, by the names it holds; undefined when it holds none. */
export const inferCreate = (input: Readonly<Record<string, unknown>>): Create | undefined => NAME_KEYS.find(([key]) => key in input)?.[1];
