/** Text keeps to its columns, styles whole. */
import { expect, test } from 'vitest';
import { cell, cutTo, plain } from './columns.ts';

test('a cell is exactly as wide as its column and ends in a blank', () => {
  expect(cell('n1', 6)).toBe('n1    ');
  expect(cell('node-name', 6)).toBe('node… ');
  expect(cell('12345', 6)).toBe('12345 ');
});

test('styles take no room, stay whole, and are ended where the text is cut', () => {
  const painted = 'a \u001b[31mred word\u001b[0m here';
  expect(cutTo(painted, 15)).toBe(painted);
  expect(cutTo(painted, 6)).toBe('a \u001b[31mred…\u001b[0m');
  expect(cutTo(painted, 12)).toBe('a \u001b[31mred word\u001b[0m …');
});

test('text of others loses what would move the cursor', () => {
  expect(plain('a\u001b[2Jb\r\nc\t\u009bd')).toBe('a?[2Jb??c??d');
});
