import type { Command } from '../command.ts';
import { canaryApply } from './canary-apply.ts';
import { canaryCheck } from './canary-check.ts';
import { canaryDelete } from './canary-delete.ts';
import { canaryList } from './canary-list.ts';
import { canarySchema } from './canary-schema.ts';
import { demo } from './demo.ts';
import { eventPut } from './event-put.ts';
import { meshApply } from './mesh-apply.ts';
import { meshBootstrap } from './mesh-bootstrap.ts';
import { meshDescribe } from './mesh-describe.ts';
import { freezeLift, freezeSet, freezeShow } from './freeze.ts';
import { rolloutActions } from './rollout-actions.ts';
import { rolloutPlan } from './rollout-plan.ts';
import { rolloutList } from './rollout-list.ts';
import { rolloutStart } from './rollout-start.ts';
import { rolloutStatus } from './rollout-status.ts';
import { serve } from './serve.ts';
import { up } from './up.ts';

/** Every command: the parser and the help are both made from this table. */
export const commands: readonly Command[] = [
  up,
  serve,
  demo,
  meshApply,
  meshDescribe,
  meshBootstrap,
  canaryApply,
  canaryCheck,
  canarySchema,
  canaryList,
  canaryDelete,
  rolloutPlan,
  rolloutStart,
  rolloutList,
  rolloutStatus,
  ...rolloutActions,
  freezeSet,
  freezeLift,
  freezeShow,
  eventPut,
];
