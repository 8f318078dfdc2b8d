const escape = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** Nothing is loaded, run, framed, kept or told to other sites: the address is a secret. Without any referrer, browsers would hide from which page its form comes. */
export const PAGE_HEADERS = {
  'content-type': 'text/html; charset=utf-8',
  'cache-control': 'no-store',
  'referrer-policy': 'same-origin',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
} as const;

export interface LinkPage {
  readonly title: string;
  /** A paragraph each. */
  readonly lines: readonly string[];
  /** What the button says; without it there is nothing to do. */
  readonly button?: string;
}

const STYLE =
  'body{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1rem;color:#1b1f24;background:#fff}h1{font-size:1.3rem}label{display:block;margin:1rem 0}' +
  'input{display:block;width:100%;box-sizing:border-box;font:inherit;padding:.4rem;margin-top:.2rem}button{font:inherit;font-weight:600;padding:.5rem 1.2rem}';

const FORM = (button: string): string =>
  '<form method="post"><label>Your name, for the record<input name="who" required maxlength="100" autocomplete="name"></label>' +
  `<label>Why (optional)<input name="reason" maxlength="500"></label><button>${escape(button)}</button></form>`;

/** A page as text: a title, lines, and where there is something to do a form that is sent to the page's own address. */
export const toPage = ({ title, lines, button }: LinkPage): string =>
  '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="robots" content="noindex">' +
  `<title>${escape(title)}</title><style>${STYLE}</style><h1>${escape(title)}</h1>${lines.map((line) => `<p>${escape(line)}</p>`).join('')}${button === undefined ? '' : FORM(button)}</html>`;
