import type { RouteSpec } from '../../src/contracts/rollout.ts';

/** The route that every rollout here is about. */
export const target = { mesh: 'm', virtualRouter: 'r', route: 'r' };
export const route = { create: 'CreateRoute', input: { meshName: 'm', virtualRouterName: 'r', routeName: 'r' } } as const;

/** It has what a rewrite could lose. */
export const routeBefore: RouteSpec = {
  http2Route: {
    action: { weightedTargets: [{ virtualNode: 'v0', weight: 100 }] },
    match: { prefix: '/', headers: [{ name: 'x-team', match: { exact: 'a' } }] },
    retryPolicy: { maxRetries: 3, perRetryTimeout: { unit: 'ms', value: 200 }, httpRetryEvents: ['server-error'] },
  },
  priority: 7,
};
