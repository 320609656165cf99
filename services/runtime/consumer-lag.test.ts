/** Lag on a real log: records and seconds of what was not handled, whoever reads or does not. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Reopenable, reopenable } from '../../test/reopenable.ts';
import { manualClock } from '../../test/simulation/manual-clock.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { type LagOf, lagReader } from './consumer-lag.ts';

let storage: Reopenable<EventLog>;
let eventLog: EventLog;
let lagOf: LagOf;
let reads = 0;
let clock = manualClock();

beforeEach(async () => {
  clock = manualClock();
  storage = await reopenable((dir) => lmdbEventLog({ dir, partitionCount: 1 }, { clock }));
  reads = 0;
  eventLog = {
    ...storage.opened,
    read: (...given) => {
      reads += 1;
      return storage.opened.read(...given);
    },
  };
  lagOf = lagReader({ eventLog, clock });
});

afterEach(() => storage.teardown());

const append = async (...numbers: number[]): Promise<void> => {
  for (const number of numbers) {
    await eventLog.append('berth.events', [{ key: 'pools', value: { number } }]);
  }
};

test('is nothing where nothing is left, and asks for no record then', async () => {
  expect(await lagOf('berth.events', {})).toEqual([{ partition: 0, records: 0, seconds: 0 }]);
  await append(1, 2);
  expect(await lagOf('berth.events', { 0: 2 })).toEqual([{ partition: 0, records: 0, seconds: 0 }]);
  expect(reads).toBe(0);
});

test('counts what was not handled, and takes the age of the oldest of it', async () => {
  await append(1);
  clock.advance(10_000);
  await append(2);
  clock.advance(5_000);
  await append(3);
  expect(await lagOf('berth.events', {})).toEqual([{ partition: 0, records: 3, seconds: 15 }]);
  expect(await lagOf('berth.events', { 0: 1 })).toEqual([{ partition: 0, records: 2, seconds: 5 }]);
  expect(await lagOf('berth.events', { 0: 2 })).toEqual([{ partition: 0, records: 1, seconds: 0 }]);
});

test('asks for the oldest record once, while nothing is handled', async () => {
  await append(1);
  for (const seconds of [0, 1, 2]) {
    expect(await lagOf('berth.events', {})).toEqual([{ partition: 0, records: 1, seconds }]);
    clock.advance(1000);
  }
  expect(reads).toBe(1);
});

test('a reader ahead of the log, or of a clock that went back, is not behind', async () => {
  await append(1);
  expect(await lagOf('berth.events', { 0: 7 })).toEqual([{ partition: 0, records: 0, seconds: 0 }]);
});

test('says how many, but no age, where the record does not come in time', async () => {
  await append(1);
  const silent: EventLog = {
    ...storage.opened,
    async *read(_topic, _from, signal) {
      yield [];
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  };
  const lags = lagReader({ eventLog: silent, clock })('berth.events', {});
  await expect.poll(() => clock.waiting()).toBe(1);
  clock.advance(2_000);
  expect(await lags).toEqual([{ partition: 0, records: 1, seconds: null }]);
});
