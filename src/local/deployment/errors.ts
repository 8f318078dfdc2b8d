/** serverless.yml, or a file it includes, holds something that the local runtime does not resolve. Nothing is started then. */
export class DeploymentError extends Error {
  override readonly name = 'DeploymentError';
  constructor(where: { readonly file: string; readonly path: string; readonly value?: unknown }, rule: string, options?: ErrorOptions) {
    const value = where.value === undefined ? '' : `: ${JSON.stringify(where.value)}`;
    super(`${where.file}: ${where.path}${value}: ${rule}`, options);
  }
}
