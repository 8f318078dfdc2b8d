// Stands in for the SDK's cache of discovered endpoints, which no function has.
export class EndpointCache {}
