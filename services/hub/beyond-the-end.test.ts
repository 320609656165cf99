/** A node that waits for a hub that lags is no fault; one that waits for a lost log is. */
import { expect, test } from 'vitest';
import type { Offsets } from '../ports/event-log/port.ts';
import { beyondTheEnd } from './beyond-the-end.ts';

const of = (ends: Offsets, generation = 0) => ({ ends, generation });

test('a node that has nothing the log has not is fine', () => {
  expect(beyondTheEnd('n1', { 0: 4, 2: 0 }, of({ 0: 5, 1: 9, 2: 1 }))).toBeNull();
  expect(beyondTheEnd('n1', {}, of({}))).toBeNull();
});

test('a node that has what the log never had is told with a code', () => {
  const error = beyondTheEnd('n1', { 0: 4, 1: 7 }, of({ 0: 5, 1: 7 }));
  expect(error?.code).toBe('BERTH_HUB_NODE_AHEAD');
  expect(error?.details).toEqual({ node: 'n1', partition: 1, offset: 7, end: 7 });
});

test('a partition that the log does not have has no end', () => {
  expect(beyondTheEnd('n1', { 8: 0 }, of({ 0: 5 }))?.details).toMatchObject({
    partition: 8,
    end: 0,
  });
});

test('a node of a log that this one does not go on from is told so, however long both are', () => {
  const later = beyondTheEnd('n1', { 0: 1, generation: 2 }, of({ 0: 9 }));
  expect(later?.code).toBe('BERTH_HUB_OTHER_LOG');
  expect(later?.details).toEqual({ node: 'n1', generation: 2, own: 0 });
  expect(beyondTheEnd('n1', { 0: 1 }, of({ 0: 9 }, 1))?.code).toBe('BERTH_HUB_OTHER_LOG');
  expect(beyondTheEnd('n1', { 0: 1, generation: 1 }, of({ 0: 9 }, 1))).toBeNull();
});
