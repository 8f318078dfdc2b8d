import { dirname, resolve } from 'node:path';
import * as z from 'zod/mini';
import { InvalidInput, parseInput } from '../../contracts/mistakes.ts';
import { readLines } from '../../contracts/read-text.ts';
import { ARN, ARN_RULE } from '../model/arn.ts';

const path = z.string('must be the path of a PEM file').check(z.minLength(1, 'must not be empty'));

const entry = z.strictObject({
  arn: z.string('must be an ARN').check(z.regex(ARN, ARN_RULE)),
  certificateChain: path,
  privateKey: z.optional(path),
});

const schema = z.strictObject({ certificates: z.array(entry, 'must be a list of { arn, certificateChain, privateKey }') });

/** Where the PEM of an ARN is: absolute paths. */
export interface CertificateEntry {
  readonly arn: string;
  readonly certificateChain: string;
  readonly privateKey?: string;
}

/**
 * A mapping of ARNs to PEM files, YAML or JSON: `{ certificates: [{ arn, certificateChain, privateKey? }] }`. Paths are relative to the file.
 * @throws InvalidInput with every mistake
 */
export function parseCertificatesFile(text: string, file: string): CertificateEntry[] {
  const { value, lineOf } = readLines(text, file);
  const { certificates } = parseInput(schema, value, file, lineOf);
  const arns = certificates.map(({ arn }) => arn);
  const twice = arns.flatMap((arn, index) => (arns.indexOf(arn) === index ? [] : [{ file, path: `certificates[${index}].arn`, value: arn, rule: 'must be mapped once only' }]));
  if (twice.length > 0) throw new InvalidInput(twice);
  const at = (given: string): string => resolve(dirname(resolve(file)), given);
  return certificates.map(({ arn, certificateChain, privateKey }) => ({
    arn,
    certificateChain: at(certificateChain),
    ...(privateKey === undefined ? {} : { privateKey: at(privateKey) }),
  }));
}
