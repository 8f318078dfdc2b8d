/** The region that the environment names. */
export const regionOf = (env: Readonly<Record<string, string | undefined>>): string => env['AWS_REGION'] ?? env['AWS_DEFAULT_REGION'] ?? 'us-east-1';
