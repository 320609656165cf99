/**
 * The terminal that the live view is drawn in, or the pipe in its place. Hides the cursor while a
 * screen is drawn over and over, and gives it back. Its size is asked for anew each time: people
 * resize windows.
 */
export interface Terminal {
  /** Whether a screen can be drawn over itself. */
  readonly isTTY: boolean;
  readonly colours: boolean;
  readonly size: ScreenSize;
  write(text: string): void;
  /** Draws these lines from the top, over what was drawn before. */
  draw(lines: readonly string[]): void;
  /** The cursor is there again; what is written then follows below. May be called twice. */
  release(): void;
}

export interface ScreenSize {
  readonly rows: number;
  readonly columns: number;
}

/** The part of a stream that this needs. */
export interface TerminalStream {
  readonly isTTY?: boolean;
  readonly rows?: number;
  readonly columns?: number;
  write(text: string): unknown;
}

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
const HOME = '\u001b[H';
const CLEAR_TO_END_OF_LINE = '\u001b[K';
const CLEAR_BELOW = '\u001b[J';
const DEFAULT_SIZE = { rows: 24, columns: 80 };

export function terminalOf(
  stream: TerminalStream,
  env: Readonly<Record<string, string | undefined>>,
): Terminal {
  const isTTY = stream.isTTY === true && env['TERM'] !== 'dumb';
  let isDrawing = false;
  const size = (): ScreenSize => ({
    rows: stream.rows || DEFAULT_SIZE.rows,
    columns: stream.columns || DEFAULT_SIZE.columns,
  });
  return {
    isTTY,
    // https://no-color.org: present and not empty.
    colours: isTTY && (env['NO_COLOR'] ?? '') === '',
    get size() {
      return size();
    },
    write: (text) => {
      stream.write(text);
    },
    draw: (lines) => {
      // What was on the screen moves up into the scroll-back instead of being painted over.
      const begin = isDrawing ? '' : `${HIDE_CURSOR}${'\n'.repeat(size().rows)}`;
      isDrawing = true;
      const text = lines.map((line) => `${line}${CLEAR_TO_END_OF_LINE}\n`).join('');
      // In one write: half a frame would be seen.
      stream.write(`${begin}${HOME}${text}${CLEAR_BELOW}`);
    },
    release: () => {
      if (!isDrawing) return;
      isDrawing = false;
      stream.write(SHOW_CURSOR);
    },
  };
}
