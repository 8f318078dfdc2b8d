import { cookiePattern, type Cohort } from '../contracts/steps.ts';
import type { RouteSpec } from '../contracts/rollout.ts';
import { PlanRefused } from './errors.ts';
import { targetsOf, typeOf, withTargets } from './weights.ts';

const matcher = ({ header, cookie }: Cohort) => {
  if (header !== undefined) return { name: header.name, match: { exact: header.value } };
  // A cookie is one of several in its header.
  return { name: 'cookie', match: { regex: cookiePattern(cookie ?? { name: '', value: '' }) } };
};

/** The name of the route that a cohort's requests take. */
export const cohortRouteName = (route: string): string => `${route.slice(0, 240)}-cohort`;

const MOST_HEADERS = 10;

/**
 * The route above `spec` that sends a cohort to the canary: the same matches and one more, and everything else as the route has it. Of one priority the route that
 * asks for more is tried first; a higher one would take requests from routes for other paths.
 * @throws PlanRefused for a route whose protocol has no headers, or that matches by as many headers as a route may have
 */
export function cohortRoute(spec: RouteSpec, cohort: Cohort, canary: string, stable: string): RouteSpec {
  const type = typeOf(spec);
  if (type === undefined || type === 'tcpRoute') throw new PlanRefused(`steps[0].cohort: ${JSON.stringify(cohort)}: must not be given, as the route is of the type tcpRoute, which has no headers`);
  const port = targetsOf(spec).find(({ virtualNode }) => virtualNode === stable)?.port;
  const targeted = withTargets(spec, [{ virtualNode: canary, weight: 100, ...(port === undefined ? {} : { port }) }]);
  const member = type === 'grpcRoute' ? 'metadata' : 'headers';
  const { match = {} } = (targeted[type] ?? {}) as { match?: Record<string, unknown> };
  const headers = [...((match[member] as object[] | undefined) ?? []), matcher(cohort)];
  if (headers.length > MOST_HEADERS) throw new PlanRefused(`steps[0].cohort: ${JSON.stringify(cohort)}: must not be given, as the route matches by ${MOST_HEADERS} ${member} already`);
  return { ...targeted, [type]: { ...targeted[type], match: { ...match, [member]: headers } } };
}
