/** Runs something after so many milliseconds; the function returned cancels it. Passed in wherever the control plane waits. */
export type After = (milliseconds: number, run: () => void) => () => void;

/** Real time. Does not keep the process alive. */
export const after: After = (milliseconds, run) => {
  const timer = setTimeout(run, milliseconds);
  timer.unref();
  return () => clearTimeout(timer);
};
