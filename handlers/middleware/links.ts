import { openLinks } from '../../src/rollout/links/links.ts';
import type { Part } from './ports.ts';
import { readTokenKey } from './secrets.ts';

/** Follows the links that messages hold. */
export const links: Part = async (env) => ({ links: openLinks(env['MESHSHIFT_LINKS_URL'], await readTokenKey(env)) });
