/** What a rollout depends on outside of its own code. */
export const DEPENDENCIES = ['mesh', 'propagation', 'telemetry', 'store', 'stepFunctions', 'bus', 'hooks', 'workloads', 'ecs', 'cloudMap', 'alarms', 'lambda'] as const;
export type Dependency = (typeof DEPENDENCIES)[number];

/** One outgoing call: who makes it (a function, the watch, Step Functions), to what, and what is asked. */
export interface Call {
  readonly by: string;
  readonly to: Dependency;
  readonly operation: string;
}

/** Every outgoing call passes through one of these, which performs it, or not, or says something else about it. */
export type Carry = <T>(call: Call, perform: () => Promise<T>) => Promise<T>;

/** What is used of an HTTP response. */
export interface HttpAnswer {
  readonly ok: boolean;
  readonly status: number;
  json(): Promise<unknown>;
  text(): Promise<string>;
}

export const httpAnswer = (status: number, body: unknown = {}): HttpAnswer => ({
  ok: status < 300,
  status,
  json: () => Promise.resolve(body),
  text: () => Promise.resolve(JSON.stringify(body)),
});
