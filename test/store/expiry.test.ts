import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLibsqlStore } from '../../src/store/libsql.ts';

test('what has expired is dropped from a libSQL file when it is opened again, and nothing else', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'meshshift-expiry-'));
  try {
    const past = Math.floor(Date.now() / 1000) - 60;
    const first = openLibsqlStore(join(folder, 'a.db'));
    const documents = { expired: past, 'not yet': past + 3600, never: undefined };
    await first.write(Object.entries(documents).map(([sk, expiresAt]) => ({ kind: 'put' as const, pk: 'p', sk, value: 1, ...(expiresAt === undefined ? {} : { expiresAt }) })));
    await first.close();
    const second = openLibsqlStore(join(folder, 'a.db'));
    expect((await second.query('p')).map(({ sk }) => sk)).toEqual(['never', 'not yet']);
    await second.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
