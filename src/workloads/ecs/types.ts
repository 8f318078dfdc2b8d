/** What is read of ECS's answers; whatever else they hold is handed on as it is. */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

interface Deployment {
  readonly status?: string;
  readonly rolloutState?: 'COMPLETED' | 'FAILED' | 'IN_PROGRESS';
  readonly rolloutStateReason?: string;
  readonly desiredCount?: number;
  readonly runningCount?: number;
  readonly failedTasks?: number;
}

export interface Service {
  readonly serviceArn: string;
  readonly serviceName: string;
  readonly status: string;
  readonly taskDefinition: string;
  readonly desiredCount: number;
  readonly runningCount?: number;
  readonly deployments?: readonly Deployment[];
  readonly events?: readonly { readonly message: string }[];
  readonly tags?: readonly Tag[];
  readonly [setting: string]: unknown;
}

export interface Container {
  readonly name: string;
  readonly image: string;
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  readonly [setting: string]: unknown;
}

export interface TaskDefinition {
  readonly taskDefinitionArn: string;
  readonly family: string;
  readonly containerDefinitions: readonly Container[];
  readonly [setting: string]: unknown;
}
