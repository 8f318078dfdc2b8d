/** How AWS is asked: a call that hangs must not outlast the function that waits for it. Throttling is met by AWS_RETRY_MODE, and by the state machines' retries after that. */
export const REQUESTS = { maxAttempts: 3, requestHandler: { requestTimeout: 5000, connectionTimeout: 1500 } };
