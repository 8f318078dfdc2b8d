import { hasColour, isLive } from '../../../src/cli/output.ts';
import { openScreen } from '../../../src/cli/view/screen.ts';

/** What a terminal shows after these bytes: enough of it for what a screen writes. */
function show(bytes: string): string[] {
  const lines = [''];
  let row = 0;
  // eslint-disable-next-line no-control-regex -- the codes are what is read
  for (const [part] of bytes.matchAll(/\u001B\[(\d*)([AJ])|\n|[^\u001B\n]+/g)) {
    if (part === '\n') {
      row += 1;
      lines[row] ??= '';
    } else if (part.endsWith('A') && part.startsWith('\u001B')) row -= Number(part.slice(2, -1));
    else if (part === '\u001B[J') lines.splice(row, lines.length, '');
    else lines[row] = (lines[row] ?? '') + part;
  }
  return lines.slice(0, -1);
}

function record(options: { live: boolean; colour: boolean }) {
  const written: string[] = [];
  const screen = openScreen({ columns: 80, write: (text: unknown) => written.push(String(text)) > 0 }, options);
  return { screen, shown: () => show(written.join('')) };
}

describe('a screen', () => {
  test('draws over what it drew, and keeps what is written above it', () => {
    const { screen, shown } = record({ live: true, colour: false });
    screen.write('title');
    screen.draw(['one', 'two', 'three']);
    screen.draw(['uno', 'dos']);
    screen.write('note');
    screen.draw(['eins', 'zwei']);
    expect(shown()).toEqual(['title', 'note', 'eins', 'zwei']);
    screen.settle();
    screen.draw(['next']);
    expect(shown()).toEqual(['title', 'note', 'eins', 'zwei', 'next']);
  });

  test('that is no terminal takes lines only, without codes', () => {
    const { screen, shown } = record({ live: false, colour: false });
    screen.draw(['one']);
    screen.write(screen.paint('red', 'two'));
    expect(shown()).toEqual(['two']);
  });
});

describe('a terminal', () => {
  const tty = { isTTY: true };
  const pipe = { isTTY: false };
  test.each([
    ['a terminal', tty, {}, true, true],
    ['a terminal with NO_COLOR', tty, { NO_COLOR: '1' }, true, false],
    ['a dumb terminal', tty, { TERM: 'dumb' }, false, false],
    ['a terminal of a CI', tty, { CI: 'true' }, false, false],
    ['a pipe', pipe, {}, false, false],
  ])('%s', (_, stream, env, live, colour) => {
    expect([isLive(stream, env), hasColour(stream, env)]).toEqual([live, colour]);
  });
});
