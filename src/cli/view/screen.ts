import { coloured, plain, type Paint } from './words.ts';

/** Where progress is shown: drawn in place on a terminal, written line by line elsewhere. */
export interface Screen {
  readonly live: boolean;
  readonly paint: Paint;
  readonly width: number;
  /** Lines that stay, above what is drawn. */
  write(...lines: string[]): void;
  /** Replaces what was drawn before; only a live screen draws. */
  draw(lines: readonly string[]): void;
  /** Leaves what is drawn where it is, and starts anew below. */
  settle(): void;
}

const up = (lines: number): string => (lines === 0 ? '' : `\u001B[${lines}A`);
const CLEAR_BELOW = '\u001B[J';

export interface ScreenOptions {
  readonly live: boolean;
  readonly colour: boolean;
}

export function openScreen(stream: Pick<NodeJS.WriteStream, 'write' | 'columns'>, { live, colour }: ScreenOptions): Screen {
  let drawn: readonly string[] = [];
  const put = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');
  return {
    live,
    paint: colour ? coloured : plain,
    get width() {
      return stream.columns > 0 ? stream.columns : 120;
    },
    write(...lines) {
      // One write for all of it, so that a terminal never shows a half-drawn picture.
      stream.write(`${up(drawn.length)}${drawn.length > 0 ? CLEAR_BELOW : ''}${put(lines)}${put(drawn)}`);
    },
    draw(lines) {
      if (!live) return;
      stream.write(`${up(drawn.length)}${CLEAR_BELOW}${put(lines)}`);
      drawn = [...lines];
    },
    settle() {
      drawn = [];
    },
  };
}
