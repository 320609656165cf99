/** A count from a moment on. */
import { expect, test } from 'vitest';
import { createCountedSince } from './counted-since.ts';

test('what was counted before the moment is left out, the whole second of it is not', () => {
  const counted = createCountedSince();
  expect(counted.since(0)).toBe(0);
  counted.add(1_200, 3);
  counted.add(1_900, 4);
  counted.add(5_000, 10);
  expect(counted.since(0)).toBe(17);
  expect(counted.since(1_999)).toBe(17);
  expect(counted.since(2_000)).toBe(10);
  expect(counted.since(6_000)).toBe(0);
});

test('of a history without end nothing is lost', () => {
  const counted = createCountedSince();
  for (let second = 0; second < 150_000; second++) counted.add(second * 1000, 1);
  expect(counted.since(0)).toBe(150_000);
  expect(counted.since(149_990_000)).toBe(10);
});
