/** Group commit on a store that a test holds still or makes fail: what LMDB itself does not do. */
import { beforeEach, expect, test } from 'vitest';
import { manualClock } from '../../../../test/simulation/manual-clock.ts';
import { type Appender, groupAppender } from './appender.ts';
import type { LogStore, PlacedEntry, Tail } from './store.ts';

const PARTITION_COUNT = 1;

interface HeldWrite {
  readonly group: readonly PlacedEntry[];
  /** `onDisk`: how the disk has it in the end, whatever the writer was told. */
  finish(onDisk: boolean, error?: Error): void;
}

let writes: HeldWrite[];
let woken: number;
let appender: Appender;

beforeEach(() => {
  writes = [];
  woken = 0;
  let tail: Tail = { next: 0, lastTimeMs: 0 };
  const unused = (): never => {
    throw new Error('the appender does not read');
  };
  const store: LogStore = {
    partitionCount: 1,
    tail: () => tail,
    write: (group) =>
      new Promise((resolve, reject) => {
        const finish: HeldWrite['finish'] = (onDisk, error) => {
          const last = group.at(-1)?.entry;
          if (onDisk && last !== undefined) {
            tail = { next: last.offset + 1, lastTimeMs: last.timeMs };
          }
          if (error === undefined) resolve();
          else reject(error);
        };
        writes.push({ group, finish });
      }),
    start: unused,
    range: unused,
    latest: unused,
    saveCursor: unused,
    cursor: unused,
  };
  const onWritten = (): void => {
    woken += 1;
  };
  appender = groupAppender(
    { partitionCount: () => PARTITION_COUNT, onWritten },
    { store, clock: manualClock() },
  );
});

const append = (count = 1) =>
  appender.append(
    'berth.events',
    Array.from({ length: count }, (_, number) => ({ key: 'pools', value: { number } })),
  );
const writesBegun = (count: number) => expect.poll(() => writes.length).toBe(count);
const sizes = (): number[] => writes.map(({ group }) => group.length);

test('what comes in one turn is one transaction', async () => {
  const appends = [append(), append(2), append()];
  await writesBegun(1);
  writes[0]?.finish(true);
  await Promise.all(appends);
  expect(sizes()).toEqual([4]);
});

test('what comes during a commit is the next transaction, and waits for its own', async () => {
  const first = append();
  await writesBegun(1);
  const answered: string[] = [];
  const later = [append(), append()].map((each) => each.then(() => answered.push('later')));
  writes[0]?.finish(true);
  await first;
  await writesBegun(2);
  expect(answered).toEqual([]);
  writes[1]?.finish(true);
  await Promise.all(later);
  expect(sizes()).toEqual([1, 2]);
});

test('a group ends before it has more than its bound, and no call is split', async () => {
  const appends = [append(6_000), append(5_000), append(12_000), append(1)];
  for (const index of [0, 1, 2, 3]) {
    await writesBegun(index + 1);
    writes[index]?.finish(true);
  }
  await Promise.all(appends);
  expect(sizes()).toEqual([6_000, 5_000, 12_000, 1]);
});

test('readers are woken, and see the new end, only after the commit', async () => {
  const appended = append();
  await writesBegun(1);
  expect([woken, appender.tail('berth.events', 0).next]).toEqual([0, 0]);
  writes[0]?.finish(true);
  await appended;
  expect([woken, appender.tail('berth.events', 0).next]).toEqual([1, 1]);
});

test.each([
  ['is not on the disk', false, 0],
  ['is on the disk all the same', true, 1],
])('after a failed commit that %s the next offset is dense', async (_, onDisk, next) => {
  const cause = new Error('no space');
  const failed = append();
  await writesBegun(1);
  const queued = append();
  writes[0]?.finish(onDisk, cause);
  await expect(failed).rejects.toMatchObject({ code: 'BERTH_LOG_WRITE', cause });
  await writesBegun(2);
  writes[1]?.finish(true);
  expect((await queued)[0]?.offset).toBe(next);
});

test('is drained when everything that was accepted is written', async () => {
  await appender.drained();
  const appended = append();
  const drained = appender.drained();
  await writesBegun(1);
  writes[0]?.finish(true);
  await drained;
  expect(await appended).toHaveLength(1);
});
