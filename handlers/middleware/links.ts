import { openLinks, type Links } from '../../src/rollout/links/links.ts';
import type { Environment } from './environment.ts';
import type { Part } from './ports.ts';
import { readTokenKey } from './secrets.ts';

/** Makes and reads the links that messages hold; undefined where they are off, and no key is asked for then. */
export const linksOf = async (env: Environment): Promise<Links | undefined> => (env['MESHSHIFT_LINKS_URL'] ? openLinks(env['MESHSHIFT_LINKS_URL'], await readTokenKey(env)) : undefined);

/** Follows the links that messages hold. */
export const links: Part = async (env) => ({ links: await linksOf(env) });
