import { WorkloadFailed } from './errors.ts';

/** Where workloads are told to the control plane. */
export interface Endpoints {
  /** @throws WorkloadFailed when the control plane refuses; fetch's TypeError when it cannot be reached. */
  register(mesh: string, virtualNode: string, port: number): Promise<void>;
  deregister(mesh: string, virtualNode: string): Promise<void>;
}

export function openEndpoints(controlPlaneUrl: string): Endpoints {
  const send = async (method: 'PUT' | 'DELETE', mesh: string, virtualNode: string, body?: string): Promise<void> => {
    const url = new URL(`/meshshift/v1/endpoints/${encodeURIComponent(mesh)}/${encodeURIComponent(virtualNode)}`, controlPlaneUrl);
    const response = await fetch(url, { method, ...(body === undefined ? {} : { body, headers: { 'content-type': 'application/json' } }) });
    const answer = await response.text();
    if (!response.ok && !(method === 'DELETE' && response.status === 404)) {
      throw new WorkloadFailed(`${method} ${url.pathname}: the control plane answered ${response.status}: ${answer.slice(0, 300)}`);
    }
  };
  return {
    register: (mesh, virtualNode, port) => send('PUT', mesh, virtualNode, JSON.stringify([{ ip: '127.0.0.1', port }])),
    deregister: (mesh, virtualNode) => send('DELETE', mesh, virtualNode),
  };
}
