import * as z from 'zod/mini';
import { AwsError, type Operations } from '../../server/aws-json.ts';

export type Operation = Operations[string];

/** A long list may be wrong in each of its entries. */
const MOST_TOLD = 20;

/** An operation: its input's schema, and what it does. What the schema refuses is a ValidationException in AWS's words. */
export const operation =
  <S extends z.ZodMiniType>(schema: S, run: (input: z.infer<S>) => unknown): Operation =>
  (input) => {
    const result = z.safeParse(schema, input);
    if (result.success) return run(result.data);
    const { issues } = result.error;
    const problems = issues.slice(0, MOST_TOLD).map(({ path, message }) => `Value at '${path.join('.')}' failed to satisfy constraint: ${message}`);
    throw new AwsError('ValidationException', `${issues.length} validation error${issues.length === 1 ? '' : 's'} detected: ${problems.join('; ')}`);
  };

/** Times on the wire are seconds. */
export const seconds = (epochMs: number): number => epochMs / 1000;
