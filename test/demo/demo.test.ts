import { jest } from '@jest/globals';
import type { DemoResult } from '../../src/cli/demo/result.ts';
import { runCli } from '../cli/run-cli.ts';
import { describeWith } from '../support/components.ts';
import { envoyBinary } from '../support/envoy.ts';

// The whole demo, twice: builds nothing, but runs for its half minute.
jest.setTimeout(120_000);

/** What must come out, whatever carries the traffic. */
function expectOutcome({ provisioned, rollouts }: DemoResult): void {
  expect(provisioned).toContain('route pgMesh/svcNode1/svcNode1');
  expect(provisioned).toHaveLength(8);
  expect(rollouts.map(({ outcome }) => outcome)).toEqual(['Succeeded', 'RolledBack']);
  const [good, bad] = rollouts;
  expect(good?.steps.map(({ weight }) => weight)).toEqual([25, 50, 75, 100]);
  for (const { weight, observed } of good?.steps ?? []) expect(Math.abs((observed ?? NaN) - weight)).toBeLessThanOrEqual(5);
  expect(good?.errors).toBe(0);
  expect(good?.requests).toBeGreaterThan(4_000);
  expect(bad?.steps.map(({ weight }) => weight)).toEqual([25]);
  expect(bad?.errors).toBeGreaterThan(0);
  expect(bad?.rollbackMs).toBeGreaterThan(0);
}

async function runDemo(...args: string[]): Promise<{ result: DemoResult; stderr: string }> {
  const { code, stdout, stderr } = await runCli(['demo', '--json', ...args]);
  if (code !== 0) throw new Error(`exit ${String(code)}\n${stdout}\n${stderr}`);
  // One line of JSON, and nothing else.
  expect(stdout.split('\n')).toEqual([expect.any(String), '']);
  return { result: JSON.parse(stdout) as DemoResult, stderr };
}

describe('the demo through proxyless gRPC', () => {
  test('a good release is promoted, a bad one rolled back', async () => {
    const { result, stderr } = await runDemo('--no-envoy');
    expect(result.dataPlane).toBe('grpc');
    expectOutcome(result);
    expect(stderr).toContain('the route is as it was before, byte for byte');
    expect(stderr).toContain('What to try next:');
  });
});

describeWith('Envoy', envoyBinary !== undefined, 'the demo through Envoy', () => {
  test('comes to the same outcome', async () => {
    const { result } = await runDemo();
    expect(result.dataPlane).toBe('envoy');
    expectOutcome(result);
  });
});
