import type { Message } from './message.ts';

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most - 1)}…`);

/** A message as lines of plain text. */
export const toLines = ({ title, facts, reason, actions }: Message): string[] => [
  title,
  ...(reason === '' ? [] : [reason]),
  '',
  ...facts.map(([label, value]) => `${label}: ${value}`),
  ...(actions.length === 0 ? [] : ['', ...actions.map(({ what, command, link }) => `To ${what}: ${link === undefined ? '' : `${link} or `}${command}`)]),
];

const EMOJI: Readonly<Record<Message['mood'], string>> = { good: ':white_check_mark:', bad: ':rotating_light:', attention: ':hourglass_flowing_sand:', plain: ':arrow_forward:' };
/** Slack's three characters with a meaning: https://api.slack.com/reference/surfaces/formatting#escaping */
const escapeSlack = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Slack takes 3,000 characters a text, 150 a header, 2,000 a field. */
const slackText = (text: string, most = 2900) => ({ type: 'mrkdwn', text: cut(text, most) });

/** The body for a Slack incoming webhook: https://api.slack.com/messaging/webhooks */
export function toSlack({ mood, title, facts, reason, actions }: Message): object {
  return {
    text: cut(`${title}${reason === '' ? '' : `: ${reason}`}`, 2900),
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(`${EMOJI[mood]} ${title}`, 150), emoji: true } },
      ...(reason === '' ? [] : [{ type: 'section', text: slackText(escapeSlack(reason)) }]),
      ...(facts.length === 0 ? [] : [{ type: 'section', fields: facts.slice(0, 10).map(([label, value]) => slackText(`*${label}*\n${escapeSlack(value)}`, 1900)) }]),
      ...(actions.length === 0 ? [] : [{ type: 'context', elements: actions.slice(0, 10).map(({ what, command, link }) => slackText(`To ${what}: ${link === undefined ? '' : `<${escapeSlack(link)}|open this link> or `}\`${escapeSlack(command)}\``)) }]),
    ],
  };
}

const COLOUR: Readonly<Record<Message['mood'], string>> = { good: 'Good', bad: 'Attention', attention: 'Warning', plain: 'Default' };
const block = (text: string, more: object = {}) => ({ type: 'TextBlock', text: cut(text, 4000), wrap: true, ...more });

/** The body for a webhook of Microsoft Teams (Workflows): an adaptive card, as https://adaptivecards.io/explorer/ has it. */
export function toTeams({ mood, title, facts, reason, actions }: Message): object {
  const links = actions.flatMap(({ what, link }) => (link === undefined ? [] : [{ type: 'Action.OpenUrl', title: what, url: link }]));
  return {
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: [
            block(title, { size: 'Large', weight: 'Bolder', color: COLOUR[mood] }),
            ...(reason === '' ? [] : [block(reason)]),
            ...(facts.length === 0 ? [] : [{ type: 'FactSet', facts: facts.map(([label, value]) => ({ title: label, value })) }]),
            ...actions.map(({ what, command }) => block(`To ${what}: \`${command}\``, { isSubtle: true, spacing: 'Small' })),
          ],
          ...(links.length === 0 ? {} : { actions: links }),
        },
      },
    ],
  };
}

/** SNS takes fewer than 100 characters of ASCII, without control characters, that begin with a letter, a digit or a mark. */
export const toSubject = ({ title }: Message): string => `meshshift: ${title}`.replace(/[^\x20-\x7e]/g, '?').slice(0, 99);
