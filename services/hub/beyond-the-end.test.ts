/** A node that waits for a hub that lags is no fault; one that waits for a lost log is. */
import { expect, test } from 'vitest';
import { beyondTheEnd } from './beyond-the-end.ts';

test('a node that has nothing the log has not is fine', () => {
  expect(beyondTheEnd('n1', { 0: 4, 2: 0 }, { 0: 5, 1: 9, 2: 1 })).toBeNull();
  expect(beyondTheEnd('n1', {}, {})).toBeNull();
});

test('a node that has what the log never had is told with a code', () => {
  const error = beyondTheEnd('n1', { 0: 4, 1: 7 }, { 0: 5, 1: 7 });
  expect(error?.code).toBe('BERTH_HUB_NODE_AHEAD');
  expect(error?.details).toEqual({ node: 'n1', partition: 1, offset: 7, end: 7 });
});

test('a partition that the log does not have has no end', () => {
  expect(beyondTheEnd('n1', { 8: 0 }, { 0: 5 })?.details).toMatchObject({ partition: 8, end: 0 });
});
