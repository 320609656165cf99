/** Bytes become numbered lines, however they are cut. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LINE_BYTES_MAX, lineSplitter } from './line-splitter.ts';

const bytes = (text: string) => Buffer.from(text, 'utf8');

test('lines are the same for any cuts, in the middle of a letter too', () => {
  const text = 'eins\n\nzwölf\n{"a":"ß"}\nrest';
  fc.assert(
    fc.property(fc.array(fc.nat({ max: bytes(text).length })), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), bytes(text).length];
      const splitter = lineSplitter();
      const lines = at.slice(1).flatMap((to, i) => splitter.push(bytes(text).subarray(at[i], to)));
      expect([...lines, ...splitter.rest()]).toEqual([
        { line: 1, text: 'eins' },
        { line: 2, text: '' },
        { line: 3, text: 'zwölf' },
        { line: 4, text: '{"a":"ß"}' },
        { line: 5, text: 'rest' },
      ]);
    }),
  );
});

test('what has no end yet waits for it', () => {
  const splitter = lineSplitter();
  expect(splitter.push(bytes('{"type":'))).toEqual([]);
  expect(splitter.push(bytes('"ADDED"}\n'))).toEqual([{ line: 1, text: '{"type":"ADDED"}' }]);
  expect(splitter.rest()).toEqual([]);
});

test('the buffer of a chunk may be used again', () => {
  const splitter = lineSplitter();
  const chunk = bytes('half');
  splitter.push(chunk);
  chunk.fill(0x78);
  expect(splitter.push(bytes(' line\n'))).toEqual([{ line: 1, text: 'half line' }]);
});

test('a line is bounded, and the next one is whole', () => {
  const splitter = lineSplitter();
  const chunk = Buffer.alloc(LINE_BYTES_MAX, 0x78);
  expect(splitter.push(chunk)).toEqual([]);
  expect(splitter.push(chunk)).toEqual([]);
  const lines = splitter.push(bytes('\nnext\n'));
  expect(lines.map(({ text }) => text.length)).toEqual([LINE_BYTES_MAX, 4]);
});
