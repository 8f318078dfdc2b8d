/** A source cannot answer what it is asked, now or later: the query is wrong, not allowed, or gives what cannot be counted. */
export class QueryRefused extends Error {
  override readonly name = 'QueryRefused';
}
