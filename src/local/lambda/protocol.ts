/** What the host tells a worker thread at its start. */
export interface WorkerStart {
  /** `file:` URL of the handler's module. */
  readonly module: string;
  readonly exportName: string;
  readonly functionName: string;
  readonly functionArn: string;
  readonly memoryMiB: number;
}

/** One invocation; a worker may have several at a time. */
export interface WorkerRequest {
  readonly requestId: string;
  /** JSON text. */
  readonly payload: string;
  /** Epoch milliseconds. */
  readonly deadline: number;
}

/** Asks a worker to import its handler ahead of its first invocation. */
export interface WorkerWarmUp {
  readonly warmUp: true;
}

/** As the Lambda runtime reports an error: `errorType` is the error's name, which state machines match. */
export interface FunctionError {
  readonly errorType: string;
  readonly errorMessage: string;
  readonly trace: readonly string[];
}

export type WorkerAnswer = { readonly requestId: string; readonly payload: string } | { readonly requestId: string; readonly error: FunctionError };
