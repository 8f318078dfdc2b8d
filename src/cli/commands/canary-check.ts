import { text, type Call, type Command } from '../command.ts';
import { describeMistake, InvalidInput, type Mistake } from '../../contracts/mistakes.ts';
import { formatDuration } from '../../contracts/units.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { print } from '../output.ts';
import { readCanary } from '../read-files.ts';

type Definition = Awaited<ReturnType<typeof readCanary>>['definition'];

const describe = ({ name, steps, bake, image, target }: Definition): string => {
  const weights = steps.map((step) => `${step.weight} % for ${formatDuration(step.bake ?? bake)}`).join(', ');
  return `canary ${name} is valid: ${image.repository}:${image.tag} shifts ${target.mesh}/${target.virtualRouter}/${target.route} through ${weights}`;
};

async function check(file: string): Promise<Definition | readonly Mistake[]> {
  try {
    return (await readCanary(file)).definition;
  } catch (error) {
    if (error instanceof InvalidInput) return error.mistakes;
    throw error;
  }
}

async function run(call: Call): Promise<ExitCode> {
  const result = await check(text(call, 'file'));
  if (!('length' in result)) {
    print(call, { valid: true, name: result.name, mistakes: [] }, () => [describe(result)]);
    return EXIT.ok;
  }
  // What is wrong is this command's result for a program, and its complaint for a person.
  if (call.json) print(call, { valid: false, mistakes: result }, () => []);
  else call.io.stderr.write(`${result.map(describeMistake).join('\n')}\n${result.length} mistake${result.length === 1 ? '' : 's'}\n`);
  return EXIT.failed;
}

export const canaryCheck: Command = {
  words: ['canary', 'check'],
  about: 'check a canary definition without a running meshshift',
  remote: false,
  options: { file: { type: 'string', short: 'f', value: 'FILE', required: true, about: 'the canary definition, YAML or JSON' } },
  details: 'Every mistake is told at once, each as `file: path: value: rule`. Exit code 0 when it is valid, 1 when it is not.',
  examples: ['meshshift canary check -f examples/pgmesh/canary.yaml'],
  run,
};
