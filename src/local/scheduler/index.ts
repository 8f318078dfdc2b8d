export { openSchedulerApi, type SchedulerApi } from './http.ts';
export { ensureGroup, putSchedule } from './operations.ts';
export { openScheduler, type Scheduler } from './scheduler.ts';
export { openTargets, type TargetServices } from './targets.ts';
export { targetServices } from './target-services.ts';
