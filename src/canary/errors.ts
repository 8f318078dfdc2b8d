/** A rollout cannot be planned as asked; trying again changes nothing. */
export class PlanRefused extends Error {
  override readonly name = 'PlanRefused';
}
