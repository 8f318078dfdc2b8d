import type { WorkloadDriver } from './port.ts';

/** Someone else brings versions up. */
export const noWorkloads: WorkloadDriver = { up: () => Promise.resolve(), down: () => Promise.resolve() };
