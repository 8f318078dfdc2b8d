import type { SpecOf } from '../model/resources.ts';

/** The parts of App Mesh's specs that are translated, by App Mesh's own names. */
export type IpPreference = NonNullable<NonNullable<SpecOf['mesh']['serviceDiscovery']>['ipPreference']>;
export type RouteSpec = SpecOf['route'];
export type HttpRoute = NonNullable<RouteSpec['httpRoute']>;
export type GrpcRoute = NonNullable<RouteSpec['grpcRoute']>;
export type TcpRoute = NonNullable<RouteSpec['tcpRoute']>;
export type HttpRouteMatch = NonNullable<HttpRoute['match']>;
export type GrpcRouteMatch = NonNullable<GrpcRoute['match']>;
export type HttpRouteHeader = NonNullable<HttpRouteMatch['headers']>[number];
export type HttpQueryParameter = NonNullable<HttpRouteMatch['queryParameters']>[number];
export type HttpTimeout = NonNullable<HttpRoute['timeout']>;
export type Duration = NonNullable<HttpTimeout['perRequest']>;
export type HttpRetryPolicy = NonNullable<HttpRoute['retryPolicy']>;
export type GrpcRetryPolicy = NonNullable<GrpcRoute['retryPolicy']>;
export type WeightedTarget = NonNullable<NonNullable<HttpRoute['action']>['weightedTargets']>[number];
export type Logging = NonNullable<SpecOf['virtualNode']['logging']>;
export type Listener = NonNullable<SpecOf['virtualNode']['listeners']>[number];
export type VirtualNodeConnectionPool = NonNullable<Listener['connectionPool']>;
export type HealthCheckPolicy = NonNullable<Listener['healthCheck']>;
export type ListenerTls = NonNullable<Listener['tls']>;
export type ClientPolicyTls = NonNullable<NonNullable<NonNullable<SpecOf['virtualNode']['backendDefaults']>['clientPolicy']>['tls']>;
export type GatewayRouteSpec = SpecOf['gatewayRoute'];
export type HttpGatewayRoute = NonNullable<GatewayRouteSpec['httpRoute']>;
export type GatewayListener = NonNullable<SpecOf['virtualGateway']['listeners']>[number];
export type GatewayConnectionPool = NonNullable<GatewayListener['connectionPool']>;
export type ConnectionPool = VirtualNodeConnectionPool | GatewayConnectionPool;
