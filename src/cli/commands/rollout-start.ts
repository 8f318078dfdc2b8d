import { optionalText, text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import { misuse } from '../errors.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';
import { startRollout } from '../rollouts-api.ts';

function readAttempt(call: Call): number | undefined {
  const attempt = optionalText(call, 'attempt');
  if (attempt === undefined || /^[1-9]\d{0,3}$/.test(attempt)) return attempt === undefined ? undefined : Number(attempt);
  throw misuse('rollout start', `--attempt: ${attempt}: must be a whole number from 1 to 9999`);
}

async function run(call: Call): Promise<typeof EXIT.ok> {
  const [definition = ''] = call.args;
  const [digest, attempt] = [optionalText(call, 'digest'), readAttempt(call)];
  const { id, started } = await startRollout(connect(call.endpoint, call.io.env), {
    definition,
    image: { tag: text(call, 'tag'), ...(digest === undefined ? {} : { digest }) },
    trigger: 'meshshift rollout start',
    ...(attempt === undefined ? {} : { attempt }),
  });
  print(call, { id, started }, () => [started ? `rollout ${id} started` : `rollout ${id} was started before; the same version again needs --attempt`, `watch it: meshshift rollout status ${id} --watch`]);
  return EXIT.ok;
}

export const rolloutStart: Command = {
  words: ['rollout', 'start'],
  about: 'start a rollout by hand, as an image push would',
  remote: true,
  args: [{ name: 'NAME', about: 'the name of a canary definition' }],
  options: {
    tag: { type: 'string', value: 'TAG', required: true, about: 'the tag of the image to release' },
    digest: { type: 'string', value: 'DIGEST', about: 'its digest: two pushes of one digest are one rollout' },
    attempt: { type: 'string', value: 'N', about: 'release the same version once more' },
  },
  examples: ['meshshift rollout start svc1 --tag v2'],
  run,
};
