import type { RouteSpec } from '../../src/contracts/rollout.ts';

/** The route that every rollout here is about. */
export const target = { mesh: 'm', virtualRouter: 'r', route: 'r' };
export const route = { create: 'CreateRoute', input: { meshName: 'm', virtualRouterName: 'r', routeName: 'r' } } as const;

/** It has what a rewrite could lose; in the order in which App Mesh tells it. */
export const routeBefore: RouteSpec = {
  priority: 7,
  http2Route: {
    match: { prefix: '/', headers: [{ name: 'x-team', match: { exact: 'a' } }] },
    action: { weightedTargets: [{ virtualNode: 'v0', weight: 100 }] },
    retryPolicy: { perRetryTimeout: { value: 200, unit: 'ms' }, maxRetries: 3, httpRetryEvents: ['server-error'] },
  },
};
