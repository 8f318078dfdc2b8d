/** Sorts after every priority that can be given (0 is matched first, 1000 last). */
const NO_PRIORITY = 1_001;

interface Ordered {
  readonly name: string;
  readonly spec: { readonly priority?: number | undefined };
}

/** The order in which routes are tried: by priority, then the more specific first (of the first figure that differs, the higher), then by name. */
export const bySpecificity =
  <R extends Ordered>(specificityOf: (route: R) => readonly number[]) =>
  (a: R, b: R): number => {
    const byPriority = (a.spec.priority ?? NO_PRIORITY) - (b.spec.priority ?? NO_PRIORITY);
    if (byPriority !== 0) return byPriority;
    const [left, right] = [specificityOf(a), specificityOf(b)];
    const differing = left.findIndex((value, index) => value !== right[index]);
    if (differing >= 0) return (right[differing] ?? 0) - (left[differing] ?? 0);
    return a.name < b.name ? -1 : 1;
  };

interface HttpConditions {
  readonly headers?: readonly unknown[] | undefined;
  readonly queryParameters?: readonly unknown[] | undefined;
  readonly method?: string | undefined;
}

/** How many things but the path a match asks of a request. */
export const countConditions = (http: HttpConditions | undefined, grpc: { readonly metadata?: readonly unknown[] | undefined } | undefined): number =>
  (http?.headers?.length ?? 0) + (http?.queryParameters?.length ?? 0) + (http?.method === undefined ? 0 : 1) + (grpc?.metadata?.length ?? 0);
