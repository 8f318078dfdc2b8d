import type { AppMeshClient } from '@aws-sdk/client-app-mesh';

/** A resource as its describe operation answers it. */
export interface Described {
  readonly kind: string;
  /** `svcNode1`, or `svcNode1/svcNode1` for what is in a router or gateway. */
  readonly name: string;
  readonly version: number;
  readonly status: string;
  readonly spec: Readonly<Record<string, unknown>>;
}

export interface DescribedMesh {
  readonly mesh: Described;
  readonly resources: readonly Described[];
}

interface Answer {
  readonly spec?: object | undefined;
  readonly status?: { readonly status?: string | undefined } | undefined;
  readonly metadata?: { readonly version?: number | undefined } | undefined;
}

const toDescribed = (kind: string, name: string, answer: Answer | undefined): Described => ({
  kind,
  name,
  version: answer?.metadata?.version ?? 0,
  status: answer?.status?.status ?? 'UNKNOWN',
  spec: { ...answer?.spec },
});

/** Everything that a paginator of the SDK lists. */
async function all<Page, Item>(pages: AsyncIterable<Page>, pick: (page: Page) => readonly Item[] | undefined): Promise<Item[]> {
  const items: Item[] = [];
  for await (const page of pages) items.push(...(pick(page) ?? []));
  return items;
}

const loadSdk = () => import('@aws-sdk/client-app-mesh');
type Sdk = Awaited<ReturnType<typeof loadSdk>>;

interface Reading {
  readonly sdk: Sdk;
  readonly client: AppMeshClient;
  readonly meshName: string;
}

async function readNodes({ sdk, client, meshName }: Reading): Promise<Described[]> {
  const nodes = await all(sdk.paginateListVirtualNodes({ client }, { meshName }), (page) => page.virtualNodes);
  return Promise.all(
    nodes.map(async ({ virtualNodeName = '' }) =>
      toDescribed('virtualNode', virtualNodeName, (await client.send(new sdk.DescribeVirtualNodeCommand({ meshName, virtualNodeName }))).virtualNode),
    ),
  );
}

async function readRoutes({ sdk, client, meshName }: Reading, virtualRouterName: string): Promise<Described[]> {
  const routes = await all(sdk.paginateListRoutes({ client }, { meshName, virtualRouterName }), (page) => page.routes);
  return Promise.all(
    routes.map(async ({ routeName = '' }) =>
      toDescribed('route', `${virtualRouterName}/${routeName}`, (await client.send(new sdk.DescribeRouteCommand({ meshName, virtualRouterName, routeName }))).route),
    ),
  );
}

async function readRouters(reading: Reading): Promise<Described[]> {
  const { sdk, client, meshName } = reading;
  const routers = await all(sdk.paginateListVirtualRouters({ client }, { meshName }), (page) => page.virtualRouters);
  const read = async (virtualRouterName: string): Promise<Described[]> => {
    const { virtualRouter } = await client.send(new sdk.DescribeVirtualRouterCommand({ meshName, virtualRouterName }));
    return [toDescribed('virtualRouter', virtualRouterName, virtualRouter), ...(await readRoutes(reading, virtualRouterName))];
  };
  return (await Promise.all(routers.map(({ virtualRouterName = '' }) => read(virtualRouterName)))).flat();
}

async function readServices({ sdk, client, meshName }: Reading): Promise<Described[]> {
  const services = await all(sdk.paginateListVirtualServices({ client }, { meshName }), (page) => page.virtualServices);
  return Promise.all(
    services.map(async ({ virtualServiceName = '' }) =>
      toDescribed('virtualService', virtualServiceName, (await client.send(new sdk.DescribeVirtualServiceCommand({ meshName, virtualServiceName }))).virtualService),
    ),
  );
}

async function readGatewayRoutes({ sdk, client, meshName }: Reading, virtualGatewayName: string): Promise<Described[]> {
  const routes = await all(sdk.paginateListGatewayRoutes({ client }, { meshName, virtualGatewayName }), (page) => page.gatewayRoutes);
  return Promise.all(
    routes.map(async ({ gatewayRouteName = '' }) => {
      const { gatewayRoute } = await client.send(new sdk.DescribeGatewayRouteCommand({ meshName, virtualGatewayName, gatewayRouteName }));
      return toDescribed('gatewayRoute', `${virtualGatewayName}/${gatewayRouteName}`, gatewayRoute);
    }),
  );
}

async function readGateways(reading: Reading): Promise<Described[]> {
  const { sdk, client, meshName } = reading;
  const gateways = await all(sdk.paginateListVirtualGateways({ client }, { meshName }), (page) => page.virtualGateways);
  const read = async (virtualGatewayName: string): Promise<Described[]> => {
    const { virtualGateway } = await client.send(new sdk.DescribeVirtualGatewayCommand({ meshName, virtualGatewayName }));
    return [toDescribed('virtualGateway', virtualGatewayName, virtualGateway), ...(await readGatewayRoutes(reading, virtualGatewayName))];
  };
  return (await Promise.all(gateways.map(({ virtualGatewayName = '' }) => read(virtualGatewayName)))).flat();
}

export async function listMeshes(client: AppMeshClient): Promise<string[]> {
  const sdk = await loadSdk();
  return (await all(sdk.paginateListMeshes({ client }, {}), (page) => page.meshes)).map(({ meshName = '' }) => meshName);
}

/**
 * A mesh and everything in it.
 * @throws NotFoundException when there is no such mesh
 */
export async function readMeshResources(client: AppMeshClient, meshName: string): Promise<DescribedMesh> {
  const sdk = await loadSdk();
  const { mesh } = await client.send(new sdk.DescribeMeshCommand({ meshName }));
  const reading = { sdk, client, meshName };
  const parts = await Promise.all([readServices(reading), readRouters(reading), readNodes(reading), readGateways(reading)]);
  return { mesh: toDescribed('mesh', meshName, mesh), resources: parts.flat() };
}
