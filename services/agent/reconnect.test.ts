/** An agent's waits between two tries to reach a hub. */
import { expect, test } from 'vitest';
import { waitMsAfter } from './reconnect.ts';

const BACKOFF = { backoffFirstMs: 100, backoffMaxMs: 3000, absentMaxMs: 500 };
const REFUSED = new Error('14 UNAVAILABLE: connect ECONNREFUSED 192.0.2.1:7443');
const TIMEOUT = new Error('1 CANCELLED: Cancelled on client');

const waits = (error: unknown, random: number): number[] =>
  [0, 1, 2, 3, 4, 5, 6, 30].map((failures) =>
    waitMsAfter({ failures, error }, BACKOFF, { next: () => random, id: () => '' }),
  );

test('grow with each failure to the longest one, where a hub may be overloaded', () => {
  expect(waits(TIMEOUT, 1)).toEqual([100, 100, 200, 400, 800, 1600, 3000, 3000]);
  expect(waits(undefined, 1)).toEqual(waits(TIMEOUT, 1));
});

test('stay short while nobody listens, since every new pod waits for the hub', () => {
  expect(waits(REFUSED, 1)).toEqual([100, 100, 200, 400, 500, 500, 500, 500]);
});

test('are random by half, so that a thousand nodes do not come in one moment', () => {
  expect(waits(REFUSED, 0)).toEqual([50, 50, 100, 200, 250, 250, 250, 250]);
});
