import type { FindHolder } from '../../src/mesh/held-route.ts';
import { findHolder } from '../../src/rollout/record/lock.ts';
import { openStore, prepareStore } from '../../src/store/open.ts';
import type { DocumentStore } from '../../src/store/port.ts';
import { keep } from './environment.ts';

// Before the first event Lambda runs at full speed, whatever the function's memory: what every call needs is loaded then.
await prepareStore(process.env);

export const storeOf: () => Promise<DocumentStore> = keep(['MESHSHIFT_DATA', 'MESHSHIFT_TABLE'], (env) => openStore(env));

/** Who holds a route, by the table of rollouts. */
export const holderOf: FindHolder = async (target) => findHolder(await storeOf(), target);
