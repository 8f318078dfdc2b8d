import { EFFECTS } from '../../canary/actions.ts';
import type { LinkAction } from '../../contracts/notifications.ts';
import { takeAction } from '../actions/take-action.ts';
import { ActionRefused } from '../errors.ts';
import type { Ports } from '../ports.ts';
import { awaitedRaise } from '../raise/raise-of.ts';
import { findRecord, type RolloutRecord } from '../record/records.ts';
import { PAGE_HEADERS, toPage, type LinkPage } from './link-page.ts';
import { momentOf } from './links.ts';

interface PageAnswer {
  readonly status: number;
  readonly headers: typeof PAGE_HEADERS;
  readonly body: string;
}

/** A link that leads to something to do, with what it is about; or why there is nothing. */
type Followed = { readonly action: LinkAction; readonly record: RolloutRecord } | { readonly status: number; readonly page: LinkPage };

const WORDS: Readonly<Record<LinkAction, string>> = {
  approve: 'Approve',
  resume: 'Resume',
  advance: 'Advance',
  abort: 'Abort and roll back',
  undo: 'Bring the version before back',
  retry: 'Try it once more',
};

const answer = (status: number, page: LinkPage): PageAnswer => ({ status, headers: PAGE_HEADERS, body: toPage(page) });
const titleOf = ({ definition, image }: RolloutRecord): string => `${definition} ${image.tag}`;

/** What a rollout is at, and what it waits for. */
function linesOf(record: RolloutRecord): string[] {
  const { phase, steps, step, stable, canary, weights, waiting, reason } = record;
  const place = step < 0 ? '' : `, step ${step + 1} of ${steps.length}`;
  const versions = canary === '' ? [] : [`${stable} → ${canary}: ${weights[canary] ?? 0} %${place}`];
  const next = waiting === null ? reason : `To ${awaitedRaise(record)?.weight ?? 100} %: ${waiting.reason}`;
  return [`The rollout is ${phase}.`, ...versions, ...(next === '' ? [] : [next])];
}

async function follow({ links, store, clock }: Ports, token: string | undefined): Promise<Followed> {
  const linked = links?.read(token ?? '', clock());
  const record = linked === undefined ? undefined : await findRecord(store, linked.id);
  if (linked === undefined || record === undefined) return { status: 404, page: { title: 'This link leads nowhere', lines: ['It is not whole, or too old, or its rollout is gone.'] } };
  const { action, moment } = linked;
  const isOver = momentOf(action, record) !== moment || EFFECTS[action][record.phase] === 'already';
  return isOver ? { status: 410, page: { title: titleOf(record), lines: [`What this link was to ${action} is over.`, ...linesOf(record)] } } : { action, record };
}

/** Shows what a link does, and does nothing: chats open links to show what is behind them. */
export async function showLink(ports: Ports, token: string | undefined): Promise<PageAnswer> {
  const followed = await follow(ports, token);
  if ('page' in followed) return answer(followed.status, followed.page);
  return answer(200, { title: titleOf(followed.record), lines: linesOf(followed.record), button: WORDS[followed.action] });
}

/** Does what a link is for, in the name that the form of its page gives. */
export async function followLink(ports: Ports, token: string | undefined, form: string): Promise<PageAnswer> {
  const followed = await follow(ports, token);
  if ('page' in followed) return answer(followed.status, followed.page);
  const { action, record } = followed;
  const fields = new URLSearchParams(form);
  const [name, reason] = [(fields.get('who') ?? '').trim().slice(0, 100), (fields.get('reason') ?? '').trim().slice(0, 500)];
  if (name === '') return answer(400, { title: titleOf(record), lines: ['Your name is missing: the record says who did it.'], button: WORDS[action] });
  try {
    await takeAction(ports, record.id, { action, who: `${name}, by a link`, reason });
    return answer(202, { title: titleOf(record), lines: [`${WORDS[action]}: taken up, in the name of ${name}. You may close this page.`] });
  } catch (error) {
    if (!(error instanceof ActionRefused)) throw error;
    return answer(409, { title: titleOf(record), lines: [error.message] });
  }
}
