import type { Call, Command } from '../command.ts';
import { EXIT } from '../exit-codes.ts';

async function run(call: Call): Promise<typeof EXIT.ok> {
  const { canaryJsonSchema } = await import('../../contracts/json-schema.ts');
  call.io.stdout.write(`${JSON.stringify(canaryJsonSchema(), undefined, call.json ? undefined : 2)}\n`);
  return EXIT.ok;
}

export const canarySchema: Command = {
  words: ['canary', 'schema'],
  about: 'print the JSON Schema of canary definitions, by which editors complete and check them',
  remote: false,
  options: {},
  details: 'The first line of a definition names the file that it was written to: # yaml-language-server: $schema=canary.schema.json',
  examples: ['meshshift canary schema > canary.schema.json'],
  run,
};
