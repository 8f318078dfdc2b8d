import { compact } from './proto.ts';
import type { HttpGatewayRoute } from './specs.ts';
import { regexMatcher } from './regex.ts';
import type { ProtoJson } from './types.ts';

/**
 * A set of request paths at a gateway, and what the target service sees instead:
 * `prefix` sees `to` + what follows the prefix, `exact` sees `to`, `regex` sees `to` or (without it) the path as it is.
 */
export type PathSource =
  | { readonly kind: 'prefix'; readonly from: string; readonly to: string }
  | { readonly kind: 'prefix-to-one'; readonly from: string; readonly to: string }
  | { readonly kind: 'exact'; readonly from: string; readonly to: string }
  | { readonly kind: 'regex'; readonly from: string; readonly to: string | undefined };

/** What replaces the matched prefix; undefined leaves it (the rewrite is disabled). `/` is App Mesh's default. */
function prefixRewrite({ action }: HttpGatewayRoute): string | undefined {
  const rewrite = action?.rewrite?.prefix;
  return rewrite?.value ?? (rewrite?.defaultPrefix === 'DISABLED' ? undefined : '/');
}

/**
 * `/x/` takes `/x/…` and `/x`. Where the replacement ends with a slash, the slash after the prefix is part of what is replaced,
 * so that `/x` → `/` makes `/x/a` to `/a` and not to `//a`.
 */
function prefixSources(from: string, to: string | undefined): PathSource[] {
  const base = from.replace(/\/$/, '');
  if (to === undefined || from === '/') return [{ kind: 'prefix', from, to: to ?? from }];
  if (from !== base) return [{ kind: 'prefix', from, to }, { kind: 'exact', from: base, to }];
  return [...(to.endsWith('/') ? [{ kind: 'prefix', from: `${base}/`, to } as const] : []), { kind: 'prefix', from, to }];
}

/** What an HTTP gateway route matches and rewrites, in the order it is tried. */
export function pathSources(route: HttpGatewayRoute): PathSource[] {
  const { path, prefix = '/' } = route.match ?? {};
  const whole = route.action?.rewrite?.path?.exact;
  if (path?.exact !== undefined) return [{ kind: 'exact', from: path.exact, to: whole ?? path.exact }];
  if (path?.regex !== undefined) return [{ kind: 'regex', from: path.regex, to: whole }];
  return whole === undefined ? prefixSources(prefix, prefixRewrite(route)) : [{ kind: 'prefix-to-one', from: prefix, to: whole }];
}

/** The part of a RouteMatch that says which path. */
export interface PathMatch {
  readonly prefix?: string;
  readonly path?: string;
  readonly safe_regex?: { readonly regex: string };
  /** Where one path specifier does not suffice. */
  readonly headers?: readonly ProtoJson[];
}

/** A path at the gateway that leads to a route of the service, and the rewrite that goes with it. */
export interface PathRoute {
  readonly match: PathMatch;
  readonly rewrite: ProtoJson;
}

const quote = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
const substitution = (text: string): string => text.replaceAll('\\', '\\\\');

const whole = (to: string): ProtoJson => ({ regex_rewrite: { pattern: { regex: '^.*$' }, substitution: substitution(to) } });
const replaced = (before: string, after: string): ProtoJson => (before === after ? {} : { prefix_rewrite: after });
const regexReplaced = (before: string, after: string): ProtoJson =>
  before === after ? {} : { regex_rewrite: { pattern: regexMatcher(`^${quote(before)}`), substitution: substitution(after) } };

/** Whether a path that is known matches; an expression that only RE2 can read matches nothing. */
function matches({ prefix, path, safe_regex: pattern }: PathMatch, known: string): boolean {
  if (path !== undefined) return path === known;
  if (prefix !== undefined) return known.startsWith(prefix);
  try {
    return new RegExp(`^(?:${pattern?.regex.replaceAll('(?P<', '(?<') ?? ''})$`).test(known);
  } catch {
    return false;
  }
}

/** All that is a match of the source itself, whatever the service makes of it. */
export function sourceMatch({ kind, from }: PathSource): PathMatch {
  if (kind === 'exact') return { path: from };
  return kind === 'regex' ? { safe_regex: regexMatcher(from) } : { prefix: from };
}

/**
 * The expression for what follows `to` in paths that a service's expression takes. Exact where `to` is `/` (all paths start so), where the
 * expression starts with `to` literally, or with `.*`; undefined elsewhere: such a route is not reached through this gateway route.
 */
function regexAfter(regex: string, from: string, to: string): string | undefined {
  if (from === to) return regex;
  if (to === '/' && from.endsWith('/')) return `${quote(from.slice(0, -1))}(?:${regex})`;
  if (regex.includes('|')) return undefined;
  if (regex.startsWith(to) || regex.startsWith(quote(to))) return quote(from) + regex.slice(regex.startsWith(to) ? to.length : quote(to).length);
  const rest = regex.replace(/^\/?\.\*/, '.*');
  return rest.startsWith('.*') ? quote(from) + rest : undefined;
}

function fromPrefix(from: string, to: string, service: PathMatch): PathRoute | undefined {
  const { prefix, path, safe_regex: pattern } = service;
  if (prefix !== undefined) {
    if (to.startsWith(prefix)) return { match: { prefix: from }, rewrite: replaced(from, to) };
    const rest = prefix.slice(to.length);
    return prefix.startsWith(to) ? { match: { prefix: from + rest }, rewrite: replaced(from + rest, prefix) } : undefined;
  }
  if (path !== undefined) {
    return path.startsWith(to) ? { match: { path: from + path.slice(to.length) }, rewrite: replaced(from + path.slice(to.length), path) } : undefined;
  }
  const regex = regexAfter(pattern?.regex ?? '', from, to);
  if (regex === undefined) return undefined;
  // An expression may start with anything: the prefix holds beside it.
  const within = from === '/' ? {} : { headers: [{ name: ':path', string_match: { prefix: from } }] };
  return { match: { safe_regex: regexMatcher(regex), ...within }, rewrite: regexReplaced(from, to) };
}

/** Both the gateway's expression and the service's own condition; the header `:path` has the query as well. */
function withinRegex(regex: string, service: PathMatch): PathRoute {
  if (service.prefix === '/') return { match: { safe_regex: regexMatcher(regex) }, rewrite: {} };
  const path = { name: ':path', string_match: { safe_regex: regexMatcher(`(?:${regex})(?:\\?.*)?`) } };
  return { match: { ...service, headers: [path] }, rewrite: {} };
}

/** Where the paths of a gateway route meet a route of the service; undefined where they never do. */
export function meet(source: PathSource, service: PathMatch): PathRoute | undefined {
  const { kind, from, to } = source;
  if (kind === 'prefix') return fromPrefix(from, to, service);
  if (to === undefined) return withinRegex(from, service);
  if (!matches(service, to)) return undefined;
  return { match: sourceMatch(source), rewrite: kind === 'exact' ? replaced(from, to) : whole(to) };
}

/** A service's RouteMatch taken apart: its path, and all else. */
export function splitMatch(match: ProtoJson): { readonly path: PathMatch; readonly rest: ProtoJson } {
  const { prefix, path, safe_regex, ...rest } = match;
  return { path: compact({ prefix, path, safe_regex }), rest };
}
