import { TransientFault } from '../contracts/faults.ts';
import { WorkloadFailed, type Version, type WorkloadDriver } from './port.ts';

/** A version must serve within this time. */
const UP_TIMEOUT_MS = 20_000;
const DOWN_TIMEOUT_MS = 10_000;
const SHOWN_CHARACTERS = 300;
/** What is tried again; a process that does not come to serve is a 502. */
const PASSES: ReadonlySet<number> = new Set([429, 500, 503, 504]);

/** Processes of the local runtime at `url`; it starts only the commands of the file it was given. */
export function openProcessWorkloads(url: string): WorkloadDriver {
  const ask = async (method: 'PUT' | 'DELETE', { mesh, virtualNode }: Version, timeoutMs: number, body?: object): Promise<void> => {
    const response = await fetch(`${url}/meshshift/local/workloads/${encodeURIComponent(mesh)}/${encodeURIComponent(virtualNode)}`, {
      method,
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
    });
    const text = (await response.text()).slice(0, SHOWN_CHARACTERS);
    if (response.ok || (method === 'DELETE' && response.status === 404)) return;
    if (PASSES.has(response.status)) throw new TransientFault(`the workload of ${mesh}/${virtualNode} is not answered for: HTTP ${response.status}`);
    throw new WorkloadFailed(`the workload of ${mesh}/${virtualNode} cannot be ${method === 'PUT' ? 'started' : 'stopped'}: HTTP ${response.status} ${text}`);
  };
  return {
    up: (workload) => ask('PUT', workload, UP_TIMEOUT_MS, { tag: workload.image.tag }),
    down: (version) => ask('DELETE', version, DOWN_TIMEOUT_MS),
  };
}
