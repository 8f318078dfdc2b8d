/** What the command ends with; `meshshift --help` shows this table. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3, refused: 4, interrupted: 130 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export const EXIT_CODES: readonly (readonly [ExitCode, string])[] = [
  [EXIT.ok, 'done'],
  [EXIT.failed, 'it failed: a rollout was rolled back, a file is not valid, resources could not be made'],
  [EXIT.usage, 'the command line is wrong'],
  [EXIT.unreachable, 'nothing answers at the endpoint'],
  [EXIT.refused, 'the other side refused: no such rollout, no such state machine, not allowed now'],
  [EXIT.interrupted, 'interrupted'],
];
