import { parseCanaryDefinition } from '../../src/contracts/canary-definition.ts';
import { listRollouts } from '../../src/rollout/api/list-rollouts.ts';
import { showRollout } from '../../src/rollout/api/show.ts';
import { rolloutKey } from '../../src/rollout/record/keys.ts';
import { newRecord } from '../../src/rollout/record/new-record.ts';
import { memoryStore } from '../canary/memory.ts';

const definition = parseCanaryDefinition(
  'name: svc1\nimage: { repository: svc1 }\ntarget: { mesh: m, virtualRouter: r, route: r }\ncanary: { virtualNode: "n{{tag}}", hostname: "n{{tag}}.local" }\nsteps: [50]',
  'svc1.yaml',
);

test('of a record only what the contract names is shown, whatever else it holds', async () => {
  const store = memoryStore();
  const record = newRecord({ id: 'svc1-1', executionArn: 'arn:x', requestedAt: 1, request: { definition: 'svc1', image: { tag: 'v1' } } }, definition, 1);
  await store.write([{ kind: 'put', ...rolloutKey('svc1-1'), value: { ...record, ofALaterVersion: 'kept to itself' } }]);
  const shown = await showRollout({ store, clock: () => 1 }, 'svc1-1');
  expect(shown).toMatchObject({ id: 'svc1-1', definition: 'svc1', phase: 'Pending', trigger: 'manual', image: { repository: 'svc1', tag: 'v1' } });
  for (const rollout of [shown, ...(await listRollouts(store))]) {
    for (const name of ['ofALaterVersion', 'settings', 'split', 'decision', 'holds', 'finishing', 'phis']) expect(rollout).not.toHaveProperty(name);
  }
});
