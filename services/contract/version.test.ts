/** Positions and versions. */
import { expect, test } from 'vitest';
import { partitionOf } from './partition.ts';
import { advance, covers, isAtLeast, mayFollow, positionsOf, sameVersion } from './version.ts';

test('a version covers what lies at or before it in its partition', () => {
  expect(covers({ 1: 5 }, { partition: 1, offset: 5 })).toBe(true);
  expect(covers({ 1: 5 }, { partition: 1, offset: 6 })).toBe(false);
  expect(covers({ 1: 5 }, { partition: 0, offset: 0 })).toBe(false);
});

test('a version never goes back', () => {
  expect(advance({ 0: 3 }, { partition: 0, offset: 2 })).toEqual({ 0: 3 });
  expect(advance({ 0: 3 }, { partition: 1, offset: 0 })).toEqual({ 0: 3, 1: 0 });
});

test('versions of different partitions may be incomparable', () => {
  expect(isAtLeast({ 0: 3 }, { 1: 1 })).toBe(false);
  expect(isAtLeast({ 1: 1 }, { 0: 3 })).toBe(false);
  expect(sameVersion({ 0: 3, 1: 1 }, { 1: 1, 0: 3 })).toBe(true);
});

test('of two logs the later generation is ahead, whatever the positions', () => {
  const [old, next] = [
    { 0: 90, 1: 90 },
    { 0: 1, generation: 1 },
  ];
  expect([isAtLeast(next, old), isAtLeast(old, next)]).toEqual([true, false]);
  expect(sameVersion({ 0: 1 }, { 0: 1, generation: 1 })).toBe(false);
  expect(sameVersion(next, { 0: 1, generation: 1 })).toBe(true);
  expect(positionsOf(next)).toEqual([[0, 1]]);
});

test('the next log is followed from where it went on, and by nobody who has more', () => {
  const next = { 0: 1, generation: 1 };
  const held = { 0: 5, 1: 2 };
  expect(mayFollow(next, held, { 0: 5, 1: 3 })).toBe(true);
  expect(mayFollow(next, held, { 0: 4, 1: 3 })).toBe(false);
  expect(mayFollow(next, held, { 0: 9 })).toBe(false);
  expect(mayFollow(next, held, null)).toBe(false);
  expect(mayFollow(next, held, { 0: 9, 1: 9, generation: 1 })).toBe(false);
  expect(mayFollow(next, {}, null)).toBe(true);
  // An older log is never followed, nor an older version of the same.
  expect(mayFollow({ 0: 9, 1: 9 }, { 0: 0, generation: 1 }, { 0: 9 })).toBe(false);
  expect(mayFollow({ 0: 1, generation: 1 }, { 0: 2, generation: 1 }, { 0: 9 })).toBe(false);
});

test('keys keep their partition for ever', () => {
  // Frozen: a change here would split the history of every aggregate in every log.
  const keys = ['pools', 'ns/shop', 'ns/pay', 'target/orders-db'];
  expect(keys.map((key) => partitionOf(key, 4))).toEqual([0, 3, 3, 1]);
});
