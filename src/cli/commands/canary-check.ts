import { text, type Call, type Command } from '../command.ts';
import { describeMistake, InvalidInput, type Mistake } from '../../contracts/mistakes.ts';
import { formatDuration } from '../../contracts/units.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { print } from '../output.ts';
import { readCanaries, type ReadCanary } from '../read-files.ts';

const describe = ({ definition: { name, steps, bake, image, target } }: ReadCanary): string => {
  const weights = steps.map((step) => `${step.weight} % for ${formatDuration(step.bake ?? bake)}`).join(', ');
  return `canary ${name} is valid: ${image.repository}:${image.tag} shifts ${target.mesh}/${target.virtualRouter}/${target.route} through ${weights}`;
};

interface Checked {
  readonly canaries: readonly ReadCanary[];
  readonly mistakes: readonly Mistake[];
}

async function check(path: string): Promise<Checked> {
  try {
    return { canaries: await readCanaries(path), mistakes: [] };
  } catch (error) {
    if (error instanceof InvalidInput) return { canaries: [], mistakes: error.mistakes };
    throw error;
  }
}

async function run(call: Call): Promise<ExitCode> {
  const { canaries, mistakes } = await check(text(call, 'file'));
  const valid = mistakes.length === 0;
  // What is wrong is this command's result for a program, and its complaint for a person.
  if (valid || call.json) print(call, { valid, names: canaries.map(({ definition }) => definition.name), mistakes }, () => canaries.map(describe));
  else call.io.stderr.write(`${mistakes.map(describeMistake).join('\n')}\n${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'}\n`);
  return valid ? EXIT.ok : EXIT.failed;
}

export const canaryCheck: Command = {
  words: ['canary', 'check'],
  about: 'check canary definitions without a running meshshift',
  remote: false,
  options: { file: { type: 'string', short: 'f', value: 'PATH', required: true, about: 'a canary definition, YAML or JSON, or a folder of them' } },
  details: 'Every mistake is told at once, each as `file:line: path: value: rule`. Exit code 0 when all is valid, 1 when it is not.',
  examples: ['meshshift canary check -f examples/pgmesh/canary.yaml', 'meshshift canary check -f releases/ --json'],
  run,
};
