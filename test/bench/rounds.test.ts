/** The few sums on which every number of a benchmark rests. */
import { expect, test } from 'vitest';
import { inTurn, median, quantile, ratios } from './rounds.ts';

test('contenders change their order from round to round', async () => {
  const order: string[] = [];
  const run = (name: string) => async () => order.push(name);
  const given = await inTurn(3, { a: run('a'), b: run('b') });
  expect(order).toEqual(['a', 'b', 'b', 'a', 'a', 'b']);
  expect(given).toEqual({ a: [1, 4, 5], b: [2, 3, 6] });
});

test('a quantile is a value that was measured', () => {
  const values = Array.from({ length: 100 }, (_, at) => 100 - at);
  expect([median(values), quantile(values, 0.99), quantile(values, 1)]).toEqual([50, 99, 100]);
  expect(quantile([7], 0.99)).toBe(7);
});

test('ratios are taken within a round', () => {
  expect(ratios([4, 9], [2, 3])).toEqual([2, 3]);
});
