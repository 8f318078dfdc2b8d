import { optionalText, text, type Call, type Command } from '../command.ts';
import { connect } from '../client.ts';
import type { Freeze } from '../../contracts/rollout.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';
import { liftFreeze, readFreeze, setFreeze } from '../rollouts-api.ts';
import { userOf } from '../user.ts';

const describe = (freeze: Freeze | null): string[] =>
  freeze === null ? ['nothing is frozen: weights may rise'] : [`frozen by ${freeze.who} ${freeze.until === null ? 'until it is lifted' : `until ${new Date(freeze.until).toISOString()}`}: ${freeze.reason}`, 'no weight rises; roll-backs go on'];

const show = (call: Call, freeze: Freeze | null): typeof EXIT.ok => {
  print(call, { freeze }, () => describe(freeze));
  return EXIT.ok;
};

export const freezeSet: Command = {
  words: ['freeze', 'set'],
  about: 'stop the line: no weight of any rollout rises until it is lifted',
  remote: true,
  options: {
    reason: { type: 'string', value: 'TEXT', required: true, about: 'why; rollouts that wait show it' },
    for: { type: 'string', value: 'DURATION', about: 'how long, such as 2h; until it is lifted if not given' },
  },
  examples: ['meshshift freeze set --reason "incident 42" --for 2h'],
  run: async (call) => {
    const seconds = optionalText(call, 'for');
    return show(call, await setFreeze(connect(call.endpoint, call.io.env), { who: userOf(call), reason: text(call, 'reason'), ...(seconds === undefined ? {} : { for: seconds }) }));
  },
};

export const freezeLift: Command = {
  words: ['freeze', 'lift'],
  about: 'lift the freeze: rollouts that wait for it go on at once',
  remote: true,
  examples: ['meshshift freeze lift'],
  run: async (call) => {
    await liftFreeze(connect(call.endpoint, call.io.env));
    return show(call, null);
  },
};

export const freezeShow: Command = {
  words: ['freeze', 'show'],
  about: 'show whether weights may rise',
  remote: true,
  examples: ['meshshift freeze show'],
  run: async (call) => show(call, await readFreeze(connect(call.endpoint, call.io.env))),
};
