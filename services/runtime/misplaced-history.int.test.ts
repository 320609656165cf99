/** Partitions that were added to a history are noticed before anybody reads it. */
import { expect, test } from 'vitest';
import { reopenable } from '../../test/reopenable.ts';
import { eventRecord } from '../contract/records.ts';
import { lmdbEventLog } from '../ports/event-log/lmdb.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { systemClock } from './clock.ts';
import { refuseMisplacedHistory } from './misplaced-history.ts';

async function withHistory(work: (log: EventLog) => Promise<void>): Promise<void> {
  const clock = systemClock();
  const { opened, teardown } = await reopenable((dir) =>
    lmdbEventLog({ dir, partitionCount: 3 }, { clock }),
  );
  const records = Array.from({ length: 40 }, (_, number) =>
    eventRecord(`ns/ns-${number}`, { type: 'NamespaceObserved', labels: {} }),
  );
  const entries = records.map((record) => ({ key: record.aggregate, value: { ...record } }));
  await opened.append('berth.events', entries);
  try {
    await work(opened);
  } finally {
    await teardown();
  }
}

test('a history in its own partitions is taken', () =>
  withHistory((log) => refuseMisplacedHistory(log)));

test('one whose topic was given partitions since is refused', () =>
  withHistory(async (log) => {
    for (const count of [4, 6]) {
      await expect(
        refuseMisplacedHistory({ ...log, partitionCount: () => count }),
      ).rejects.toMatchObject({ code: 'BERTH_LOG_TOPIC' });
    }
  }));

test('a few records of somebody else in the wrong place are no reason', () =>
  withHistory(async (log) => {
    const misplaced = new Set([0, 5]);
    const read: EventLog['read'] = async function* strays(...asked) {
      for await (const batch of log.read(...asked)) {
        // As if their keys were of another partition.
        yield batch.map((entry) => {
          if (!misplaced.has(entry.offset)) return entry;
          return { ...entry, partition: (entry.partition + 1) % 3 };
        });
      }
    };
    const one = { ...log, read, ends: async () => ({ 0: 8 }) };
    await refuseMisplacedHistory(one);
  }));
