import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Caller } from '../../src/cli/demo/caller.ts';

test('a caller that ended is told of at once, also to who asks later', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-caller-'));
  try {
    const program = join(folder, 'caller.mjs');
    writeFileSync(program, 'process.exit(3);\n');
    const caller = new Caller({ program, env: {}, rate: 1, reportMs: 1, onComplaint: () => undefined });
    const ended = 'the caller ended with exit code 3';
    await expect(caller.until(() => true, AbortSignal.timeout(10_000))).rejects.toThrow(ended);
    await expect(caller.until(() => true, AbortSignal.timeout(500))).rejects.toThrow(ended);
    await caller.stop();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
