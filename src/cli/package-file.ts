import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Built or not, this file is some folders below the package's root. */
function findRoot(folder: string): string {
  if (existsSync(join(folder, 'serverless.yml'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('serverless.yml: not found above this program; is the package whole?');
  return findRoot(parent);
}

/** The path of a file that comes with the package, such as `serverless.yml`. */
export const packageFile = (...path: readonly string[]): string => join(findRoot(dirname(fileURLToPath(import.meta.url))), ...path);
