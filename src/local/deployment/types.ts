/** A Lambda function as the local host runs it. */
export interface DeployedFunction {
  /** Its key in serverless.yml, such as `shiftTraffic`. */
  readonly key: string;
  readonly name: string;
  readonly arn: string;
  /** Absolute path of the module, and the name of the function it exports. */
  readonly module: string;
  readonly exportName: string;
  /** Exactly what serverless.yml gives it. */
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutSeconds: number;
  readonly memoryMiB: number;
  /** HTTP API routes that reach it. */
  readonly routes: readonly { readonly method: string; readonly path: string }[];
}

export interface DeployedStateMachine {
  readonly logicalId: string;
  readonly name: string;
  readonly arn: string;
  readonly roleArn: string;
  /** JSON text, substitutions filled in. */
  readonly definition: string;
}

export interface RuleTarget {
  readonly Id: string;
  readonly Arn: string;
  readonly Input?: string | undefined;
  readonly InputPath?: string | undefined;
  readonly RetryPolicy?: { readonly MaximumRetryAttempts?: number | undefined; readonly MaximumEventAgeInSeconds?: number | undefined } | undefined;
}

export interface DeployedRule {
  readonly logicalId: string;
  readonly name: string;
  readonly eventBusName: string;
  readonly state: 'ENABLED' | 'DISABLED';
  readonly eventPattern: unknown;
  /** As PutTargets takes them. */
  readonly targets: readonly RuleTarget[];
}

export interface DeployedSchedule {
  readonly logicalId: string;
  /** As CreateSchedule takes it. */
  readonly input: Readonly<Record<string, unknown>>;
}

export interface DeployedBus {
  readonly logicalId: string;
  readonly name: string;
}

export interface DeployedScheduleGroup {
  readonly logicalId: string;
  readonly name: string;
}

/** What `meshshift up` takes from serverless.yml: the same that deploys to AWS. */
export interface Deployment {
  readonly service: string;
  readonly stage: string;
  readonly functions: readonly DeployedFunction[];
  readonly stateMachines: readonly DeployedStateMachine[];
  readonly buses: readonly DeployedBus[];
  readonly rules: readonly DeployedRule[];
  readonly scheduleGroups: readonly DeployedScheduleGroup[];
  readonly schedules: readonly DeployedSchedule[];
}
