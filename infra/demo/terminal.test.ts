/** A screen is drawn over itself without flicker, and the terminal is given back as it was. */
import { expect, test } from 'vitest';
import { terminalOf } from './terminal.ts';

function written(stream: { isTTY?: boolean; rows?: number; columns?: number }, env = {}) {
  const texts: string[] = [];
  const terminal = terminalOf({ ...stream, write: (text) => texts.push(text) }, env);
  return { texts, terminal };
}

const TTY = { isTTY: true, rows: 5, columns: 40 };

test('each frame is one write, from the top, each line cleared to its end, the rest below', () => {
  const { texts, terminal } = written(TTY);
  terminal.draw(['one', 'two']);
  terminal.draw(['three']);
  expect(texts).toEqual([
    '\u001b[?25l\n\n\n\n\n\u001b[Hone\u001b[K\ntwo\u001b[K\n\u001b[J',
    '\u001b[Hthree\u001b[K\n\u001b[J',
  ]);
});

test('the cursor comes back once, and only where it was hidden', () => {
  const { texts, terminal } = written(TTY);
  terminal.release();
  terminal.draw([]);
  terminal.release();
  terminal.release();
  expect(texts.join('').split('\u001b[?25h')).toHaveLength(2);
  expect(texts.at(-1)).toBe('\u001b[?25h');
});

test('colours are off in a pipe, by NO_COLOR, and in a dumb terminal', () => {
  expect(written(TTY).terminal.colours).toBe(true);
  expect(written(TTY, { NO_COLOR: '' }).terminal.colours).toBe(true);
  expect(written(TTY, { NO_COLOR: '1' }).terminal.colours).toBe(false);
  expect(written({}).terminal).toMatchObject({ isTTY: false, colours: false });
  expect(written(TTY, { TERM: 'dumb' }).terminal).toMatchObject({ isTTY: false, colours: false });
});

test('the size is that of the moment; a terminal that has none counts as 80 x 24', () => {
  const stream = { isTTY: true, rows: 0, columns: 0, write: () => undefined };
  const terminal = terminalOf(stream, {});
  expect(terminal.size).toEqual({ rows: 24, columns: 80 });
  Object.assign(stream, { rows: 50, columns: 132 });
  expect(terminal.size).toEqual({ rows: 50, columns: 132 });
});
