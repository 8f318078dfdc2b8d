/**
 * A task token names its execution and carries the task's nonce, which nobody can guess. The frame keeps the token,
 * so that it survives a crash; what was never minted is told from what is over.
 */
export const mintToken = (execution: number, nonce: string): string => Buffer.from(`AQ1:${execution}:${nonce}`).toString('base64');

/** The id of the execution a token belongs to, or undefined if it is no token of this engine. */
export function parseToken(token: string): number | undefined {
  const id = /^AQ1:(\d{1,15}):[\w-]+$/.exec(Buffer.from(token, 'base64').toString('utf8'))?.[1];
  return id === undefined ? undefined : Number(id);
}
