import { parseArgs } from 'node:util';
import type { Call, Command, Io, Option } from './command.ts';
import { misuse, seeHelp, UsageError } from './errors.ts';
import { isHttpUrl } from './urls.ts';

export const DEFAULT_ENDPOINT = 'http://127.0.0.1:4680';

const COMMON: Readonly<Record<string, Option>> = {
  json: { type: 'boolean', about: 'print one JSON document on stdout, and nothing else there' },
  help: { type: 'boolean', short: 'h', about: 'show this help' },
};
const ENDPOINT: Option = { type: 'string', value: 'URL', about: `where meshshift serves (default: AWS_ENDPOINT_URL, else ${DEFAULT_ENDPOINT})` };

export const optionsOf = (command: Command): Record<string, Option> => ({ ...command.options, ...(command.remote ? { endpoint: ENDPOINT } : {}), ...COMMON });

/** What the words of the command line lead to: a command with the rest, or the help of a level. */
export type Parsed =
  | { readonly kind: 'call'; readonly command: Command; readonly call: Call }
  | { readonly kind: 'help'; readonly words: readonly string[] }
  | { readonly kind: 'version' };

/** The words before the first option, as far as they name commands. */
function leadingWords(argv: readonly string[], commands: readonly Command[]): string[] {
  const [first, second] = argv;
  if (first === undefined || first.startsWith('-')) return [];
  const group = commands.filter(({ words }) => words[0] === first);
  const isGroup = group.some(({ words }) => words.length === 2);
  return isGroup && second !== undefined && !second.startsWith('-') ? [first, second] : [first];
}

function findCommand(words: readonly string[], commands: readonly Command[]): Command {
  const found = commands.find((command) => command.words.join(' ') === words.join(' '));
  if (found !== undefined) return found;
  const group = commands.filter((command) => command.words.length === 2 && command.words[0] === words[0]);
  const known = words.length < 2 && group.length > 0 ? `${words.join(' ')}: needs one of ${group.map((command) => command.words[1]).join(', ')}` : undefined;
  if (known !== undefined) throw new UsageError(known, seeHelp(words.join(' ')));
  const choices = group.length > 0 ? group.map((command) => command.words[1]) : [...new Set(commands.map((command) => command.words[0]))];
  throw new UsageError(`${words.join(' ')}: no such command; there are ${choices.join(', ')}`, seeHelp(group.length > 0 ? (words[0] ?? '') : ''));
}

function readOptions(command: Command, argv: readonly string[]) {
  const options = optionsOf(command);
  try {
    return parseArgs({
      args: [...argv],
      options: Object.fromEntries(Object.entries(options).map(([name, { type, short, multiple = false }]) => [name, { type, multiple, ...(short === undefined ? {} : { short }) }])),
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    const message = (error as Error).message.split(/\. |\n/)[0] ?? '';
    throw misuse(command.words.join(' '), message.replace(/\.$/, ''));
  }
}

function checkArguments({ words, args = [] }: Command, given: readonly string[]): void {
  const missing = args.find(({ optional }, index) => optional !== true && given[index] === undefined);
  if (missing !== undefined) throw misuse(words.join(' '), `${missing.name} is missing: ${missing.about}`);
  const extra = given[args.length];
  if (extra !== undefined) throw misuse(words.join(' '), `${extra}: is one argument too many`);
}

function checkRequired(command: Command, values: Readonly<Record<string, unknown>>): void {
  const missing = Object.entries(command.options ?? {}).find(([name, { required }]) => required === true && values[name] === undefined);
  if (missing === undefined) return;
  const [name, { value = 'VALUE', about }] = missing;
  throw misuse(command.words.join(' '), `--${name} ${value} is missing: ${about}`);
}

function readEndpoint(given: unknown, env: Io['env']): string {
  const endpoint = typeof given === 'string' ? given : (env['AWS_ENDPOINT_URL'] ?? DEFAULT_ENDPOINT);
  if (isHttpUrl(endpoint)) return endpoint.replace(/\/+$/, '');
  throw new UsageError(`--endpoint: ${endpoint}: must be an http or https URL such as ${DEFAULT_ENDPOINT}`, 'give --endpoint or set AWS_ENDPOINT_URL');
}

const defaultsOf = (command: Command): Record<string, string> =>
  Object.fromEntries(Object.entries(command.options ?? {}).flatMap(([name, option]) => (option.default === undefined ? [] : [[name, option.default]])));

/**
 * Reads a command line by the table.
 * @throws UsageError naming the word, its value and the rule.
 */
export function parse(argv: readonly string[], commands: readonly Command[], io: Io): Parsed {
  if (argv[0] === '--version') return { kind: 'version' };
  const asked = argv[0] === 'help' ? argv.slice(1) : argv;
  const words = leadingWords(asked, commands);
  if (argv[0] === 'help' || asked.length === 0 || asked.slice(0, words.length + 1).some((word) => word === '--help' || word === '-h')) return { kind: 'help', words };
  if (words.length === 0) throw new UsageError(`${String(asked[0])}: must come after a command`, seeHelp(''));
  const command = findCommand(words, commands);
  const { values, positionals } = readOptions(command, asked.slice(words.length));
  if (values['help'] === true) return { kind: 'help', words };
  checkArguments(command, positionals);
  checkRequired(command, values);
  const options = { ...defaultsOf(command), ...values } as Call['options'];
  return {
    kind: 'call',
    command,
    call: { options, args: positionals, endpoint: command.remote ? readEndpoint(values['endpoint'], io.env) : DEFAULT_ENDPOINT, json: values['json'] === true, io },
  };
}
