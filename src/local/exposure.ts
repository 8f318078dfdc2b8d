import type { Grants } from '../controlplane/access/grants.ts';
import type { Tls } from '../controlplane/xds/server.ts';

/** How others than this machine reach the control plane. */
export interface Exposure {
  /** An address of this machine, or `0.0.0.0` or `::` for all of them. */
  readonly host: string;
  /** Who is let in. */
  readonly grants: Grants;
  /** For proxies; without it they connect in plain text. */
  readonly tls?: Tls;
}
