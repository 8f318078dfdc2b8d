import type { Command, Option } from './command.ts';
import { seeHelp, UsageError } from './errors.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { alignRows } from './table.ts';
import { optionsOf } from './parse.ts';

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);

const optionUsage = (name: string, { short, value, type }: Option): string =>
  `${short === undefined ? '   ' : `-${short},`} --${name}${type === 'string' ? ` ${value ?? 'VALUE'}` : ''}`;

const optionAbout = ({ about, default: fallback, required, multiple }: Option): string =>
  `${about}${multiple === true ? '; may be given several times' : ''}${fallback === undefined ? '' : ` (default: ${fallback})`}${required === true ? ' (required)' : ''}`;

function usageOf({ words, args = [], options = {} }: Command): string {
  const required = Object.entries(options).filter(([, option]) => option.required).map(([name, { value }]) => `--${name} ${value ?? 'VALUE'}`);
  return ['meshshift', ...words, ...args.map(({ name, optional }) => (optional === true ? `[${name}]` : name)), ...required, '[options]'].join(' ');
}

function commandHelp(command: Command): string[] {
  const args = command.args ?? [];
  return [
    `${command.about.charAt(0).toUpperCase()}${command.about.slice(1)}.`,
    '',
    `Usage: ${usageOf(command)}`,
    ...(command.details === undefined ? [] : ['', command.details]),
    ...(args.length === 0 ? [] : ['', 'Arguments:', ...indent(alignRows(args.map(({ name, about }) => [name, about])))]),
    '',
    'Options:',
    ...indent(alignRows(Object.entries(optionsOf(command)).map(([name, option]) => [optionUsage(name, option), optionAbout(option)]))),
    '',
    'Examples:',
    ...indent(command.examples),
  ];
}

const listCommands = (commands: readonly Command[]): string[] => indent(alignRows(commands.map(({ words, about }) => [words.join(' '), about])));

const groupHelp = (word: string, commands: readonly Command[]): string[] => [
  `Usage: meshshift ${word} COMMAND [options]`,
  '',
  'Commands:',
  ...listCommands(commands),
  '',
  `\`meshshift ${word} COMMAND --help\` tells more.`,
];

const topHelp = (commands: readonly Command[]): string[] => [
  'Shifts service-mesh traffic to new versions safely, and serves the mesh it shifts.',
  '',
  'Usage: meshshift COMMAND [options]',
  '',
  'Commands:',
  ...listCommands(commands),
  '',
  'Each command takes --json and --help; `meshshift COMMAND --help` tells more.',
  '',
  'Exit codes:',
  ...indent(alignRows(EXIT_CODES.map(([code, about]) => [String(code), about]))),
  '',
  'Environment:',
  ...indent(
    alignRows([
      ['AWS_ENDPOINT_URL', 'where meshshift serves, for the commands that ask it'],
      ['AWS_ENDPOINT_URL_ECS', 'of `up`: what stands in for ECS, for workloads of the type ecs'],
      ['MESHSHIFT_API_TOKEN', 'a token for a rollouts API that takes tokens; else https requests are signed with your AWS credentials'],
      ['AWS_REGION', 'the region of its resources (default: us-east-1)'],
      ['NO_COLOR', 'no colours, as when the output is not a terminal'],
    ]),
  ),
];

/**
 * The help of a level: everything, a group (`mesh`), or a command (`mesh apply`).
 * @throws UsageError when there is no such level.
 */
export function helpText(words: readonly string[], commands: readonly Command[]): string {
  const [first] = words;
  if (first === undefined) return topHelp(commands).join('\n');
  const exact = commands.find((command) => command.words.join(' ') === words.join(' '));
  if (exact !== undefined) return commandHelp(exact).join('\n');
  const group = commands.filter((command) => command.words[0] === first);
  if (words.length === 1 && group.length > 0) return groupHelp(first, group).join('\n');
  throw new UsageError(`${words.join(' ')}: no such command`, seeHelp(''));
}
