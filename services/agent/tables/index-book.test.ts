/** Numbers are shared by equal contents, kept across restarts, and never given while in use. */
import { describe, expect, it } from 'vitest';
import { createIndexBook, type KernelIndices } from './index-book.ts';

function kernelWith(sets: Readonly<Record<string, number>>): KernelIndices {
  const used = new Set(Object.values(sets));
  return { find: (content) => sets[content], uses: (index) => used.has(index) };
}

const EMPTY = kernelWith({});

describe('the book of numbers', () => {
  it('gives the lowest free number', () => {
    const book = createIndexBook({ first: 2, last: 9 });
    expect([book.assign('a', 'A', EMPTY), book.assign('b', 'B', EMPTY)]).toEqual([2, 3]);
    book.assign('a', null, EMPTY);
    expect([book.indexOf('a'), book.assign('c', 'C', EMPTY)]).toEqual([null, 2]);
  });

  it('gives one number to names of equal content, until the last is gone', () => {
    const book = createIndexBook({ first: 2, last: 9 });
    book.assign('a', 'A', EMPTY);
    expect(book.assign('b', 'A', EMPTY)).toBe(2);
    book.assign('a', null, EMPTY);
    expect(book.assign('c', 'C', EMPTY)).toBe(3);
    book.assign('b', null, EMPTY);
    expect(book.assign('d', 'D', EMPTY)).toBe(2);
  });

  it('finds the number that the kernel has for a content', () => {
    const book = createIndexBook({ first: 2, last: 9 });
    expect(book.assign('a', 'A', kernelWith({ A: 7 }))).toBe(7);
  });

  it('gives no number that the kernel uses for something else', () => {
    const book = createIndexBook({ first: 2, last: 4 });
    expect(book.assign('a', 'A', kernelWith({ X: 2, Y: 3 }))).toBe(4);
    expect(book.assign('b', 'B', kernelWith({ X: 2, Y: 3 }))).toBeNull();
  });

  it('takes no number outside its range from the kernel', () => {
    const book = createIndexBook({ first: 2, last: 9 });
    expect(book.assign('a', 'A', kernelWith({ A: 1 }))).toBe(2);
  });

  it('gives a changed content another number while the kernel has the old one', () => {
    const book = createIndexBook({ first: 2, last: 9 });
    book.assign('a', 'A', EMPTY);
    expect(book.assign('a', 'B', kernelWith({ A: 2 }))).toBe(3);
  });
});
