/** Positions and versions. */
import { expect, test } from 'vitest';
import { partitionOf } from './partition.ts';
import { advance, covers, isAtLeast, sameVersion } from './version.ts';

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

test('keys keep their partition for ever', () => {
  // Frozen: a change here would split the history of every aggregate in every log.
  const keys = ['pools', 'ns/shop', 'ns/pay', 'target/orders-db'];
  expect(keys.map((key) => partitionOf(key, 4))).toEqual([0, 3, 3, 1]);
});
