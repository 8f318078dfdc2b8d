/** Retryable: something outside was not at hand (throttled, timed out, unreachable, a server's error). */
export class TransientFault extends Error {
  override readonly name = 'TransientFault';
}
