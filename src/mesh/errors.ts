/** Retryable: App Mesh has the resource, and does not serve it yet. */
export class ResourceNotActive extends Error {
  override readonly name = 'ResourceNotActive';
}

/** Retryable: not every connected proxy has acknowledged the change yet. */
export class NotPropagated extends Error {
  override readonly name = 'NotPropagated';
}

/** Retryable: someone else wrote the resource between reading and writing it. */
export class ResourceChanged extends Error {
  override readonly name = 'ResourceChanged';
}

/** A proxy refused the configuration; waiting does not help. */
export class ConfigurationRejected extends Error {
  override readonly name = 'ConfigurationRejected';
}

/** A resource that must be there is not. */
export class ResourceMissing extends Error {
  override readonly name = 'ResourceMissing';
}

/** A rollout holds the route: nobody else may change it. */
export class RouteHeld extends Error {
  override readonly name = 'RouteHeld';
}

/** What was written is not what is there. */
export class ReviewFailed extends Error {
  override readonly name = 'ReviewFailed';
}
