/** What an operator is told of a log that is away: neither nothing, nor the same in a loop. */
import { beforeEach, expect, test } from 'vitest';
import { keepingLog } from '../../../test/log-lines.ts';
import { manualClock } from '../../../test/simulation/manual-clock.ts';
import { berthError } from '../../contract/errors.ts';
import { type Outage, outage } from './outage.ts';

const FAILURE = berthError('BERTH_LOG_UNREACHABLE', { brokers: 'a:1', reason: 'refused' });

let trouble: Outage;
let log: ReturnType<typeof keepingLog>;
const clock = manualClock();

beforeEach(() => {
  clock.set(0);
  log = keepingLog();
  trouble = outage({ clock, log });
});

const metAt = (...times: readonly number[]): void => {
  for (const nowMs of times) {
    clock.set(nowMs);
    trouble.met(FAILURE);
  }
};
const loud = () =>
  log.lines
    .map(({ message }) => message)
    .filter((text) => text !== 'the log did not answer, trying again');

test('says nothing aloud of what is over within two seconds', () => {
  metAt(0, 500, 1_900);
  trouble.over();
  metAt(3_000, 4_900);
  trouble.over();
  expect(loud()).toEqual([]);
});

test('says once that it is away, again after half a minute, and that it is back', () => {
  metAt(0, 1_000, 2_000, 3_000, 10_000, 31_000, 32_000, 33_000, 61_000, 62_000);
  clock.set(70_000);
  trouble.over();
  trouble.over();
  expect(loud()).toEqual([
    'the log is away, trying again',
    'the log is still away',
    'the log is still away',
    'the log is back',
  ]);
});

test('each outage is told by itself', () => {
  metAt(0, 2_000);
  trouble.over();
  metAt(5_000, 6_000);
  trouble.over();
  metAt(10_000, 12_000);
  expect(loud()).toEqual([
    'the log is away, trying again',
    'the log is back',
    'the log is away, trying again',
  ]);
});
