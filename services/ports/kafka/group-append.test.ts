/** Group commit on a send that a test holds still or makes fail, as brokers do when they like. */
import { beforeEach, expect, test } from 'vitest';
import { berthError } from '../../contract/errors.ts';
import { partitionOf } from '../../contract/partition.ts';
import { BATCH_BYTES_MAX, type GroupAppend, groupAppend } from './group-append.ts';
import type { BatchPlace, PartitionBatch, Produce } from './produce.ts';

const PARTITIONS = 2;
const FAILURE = berthError('BERTH_LOG_WRITE', { reason: 'it was not answered' });

interface HeldSend {
  readonly batches: readonly PartitionBatch[];
  /** All of it is stored, but for this partition. */
  finish(failing?: number): void;
}

let sends: HeldSend[];
let appends: GroupAppend;

beforeEach(() => {
  sends = [];
  const ends = new Map<number, number>();
  const send: Produce['send'] = (batches) =>
    new Promise((resolve) => {
      const finish = (failing?: number): void => {
        resolve(
          batches.map(({ partition, records }): BatchPlace | typeof FAILURE => {
            if (partition === failing) return FAILURE;
            const baseOffset = ends.get(partition) ?? 0;
            ends.set(partition, baseOffset + records.length);
            return { baseOffset, timeMs: 1_000 };
          }),
        );
      };
      sends.push({ batches, finish });
    });
  appends = groupAppend(() => PARTITIONS, { send });
});

const keys = Array.from({ length: 40 }, (_, number) => `ns/${number}`);
const [ZERO = '', ONE = ''] = [0, 1].map((wanted) =>
  keys.find((key) => partitionOf(key, PARTITIONS) === wanted),
);
const record = (key: string, text = '') => ({ key, value: Buffer.from(text), headers: {} });
const append = (...names: string[]) =>
  appends.append(
    'events',
    names.map((key) => record(key)),
  );
const begun = (count: number) => expect.poll(() => sends.length).toBe(count);
const sizes = () => sends.at(-1)?.batches.map(({ records }) => records.length);

test('sends what was appended in one turn together, and what came meanwhile after it', async () => {
  const first = [append(ZERO), append(ONE, ZERO)];
  await begun(1);
  const later = [append(ONE), append(ZERO)];
  expect(sizes()).toEqual([2, 1]);
  sends[0]?.finish();
  await begun(2);
  sends[1]?.finish();
  expect(await Promise.all([...first, ...later])).toEqual([
    [{ partition: 0, offset: 0, timeMs: 1_000 }],
    [
      { partition: 1, offset: 0, timeMs: 1_000 },
      { partition: 0, offset: 1, timeMs: 1_000 },
    ],
    [{ partition: 1, offset: 1, timeMs: 1_000 }],
    [{ partition: 0, offset: 2, timeMs: 1_000 }],
  ]);
});

test('fails the calls with a record in a batch that failed, and no other', async () => {
  const calls = [append(ZERO), append(ONE), append(ZERO, ONE)];
  await begun(1);
  sends[0]?.finish(1);
  const [zero, one, both] = await Promise.allSettled(calls);
  expect(zero?.status).toBe('fulfilled');
  expect(one).toMatchObject({ reason: { code: 'BERTH_LOG_WRITE' } });
  expect(both).toMatchObject({ reason: { code: 'BERTH_LOG_WRITE' } });
});

test('splits what is more than a batch holds, and answers after the last', async () => {
  const half = 'x'.repeat(BATCH_BYTES_MAX / 2);
  const call = appends.append('events', [record(ZERO, half), record(ONE), record(ZERO, half)]);
  await begun(1);
  expect(sizes()).toEqual([1, 1]);
  sends[0]?.finish();
  await begun(2);
  sends[1]?.finish();
  expect((await call).map(({ partition, offset }) => [partition, offset])).toEqual([
    [0, 0],
    [1, 0],
    [0, 1],
  ]);
});

test('sends no later part of a call of which a part failed', async () => {
  const half = 'x'.repeat(BATCH_BYTES_MAX / 2);
  const call = appends.append('events', [record(ZERO, half), record(ZERO, half)]);
  const other = append(ONE);
  await begun(1);
  sends[0]?.finish(0);
  await expect(call).rejects.toMatchObject({ code: 'BERTH_LOG_WRITE' });
  await begun(2);
  expect(sends[1]?.batches.map(({ partition }) => partition)).toEqual([1]);
  sends[1]?.finish();
  await other;
});

test('refuses a record that no batch holds, and one without a key', async () => {
  const large = 'x'.repeat(BATCH_BYTES_MAX);
  await expect(appends.append('events', [record(ZERO, large)])).rejects.toMatchObject({
    code: 'BERTH_LOG_BAD_ENTRY',
  });
  await expect(append('')).rejects.toMatchObject({ code: 'BERTH_LOG_BAD_ENTRY' });
  expect(sends).toEqual([]);
});

test('refuses more than it can hold while nothing is answered', async () => {
  const many = Array.from({ length: 100_000 }, () => record(ZERO));
  const accepted = [appends.append('events', many), appends.append('events', many)];
  await expect(append(ONE)).rejects.toMatchObject({ code: 'BERTH_LOG_OVERLOADED' });
  const drained = appends.drained();
  for (let done = 0; done < 20; done += 1) {
    await expect.poll(() => sends.length > done || done > 0, { timeout: 5_000 }).toBe(true);
    for (const each of sends) each.finish();
    await new Promise(setImmediate);
  }
  await Promise.all([...accepted, drained]);
});
