import { spawnSync } from 'node:child_process';

/**
 * `describe` for suites that need a real component. Where it is missing, the suite is skipped and its title says why;
 * with CI=true it fails instead, so that no run there passes by leaving something out.
 */
export function describeWith(component: string, available: boolean, title: string, suite: () => void): void {
  if (available) {
    describe(title, suite);
    return;
  }
  if (process.env['CI'] === 'true') {
    test(`${title}: ${component} is there`, () => {
      throw new Error(`${component} is missing; CI needs it`);
    });
    return;
  }
  describe.skip(`${title} (skipped: no ${component} here)`, suite);
}

/** Whether a command answers to `--version`. */
export const hasCommand = (command: string): boolean => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;

/** Whether the Python on the PATH has a module. */
export const hasPythonModule = (name: string): boolean => spawnSync('python3', ['-c', `import ${name}`], { stdio: 'ignore' }).status === 0;
