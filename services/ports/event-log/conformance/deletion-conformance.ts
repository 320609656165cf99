/** Cases of the EventLog's suite: where it begins, and who asks for what was deleted. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { startReading, upTo } from '../../../../test/log-reading.ts';
import type { Entry, EventLog, Offsets } from '../port.ts';
import type { EventLogHarness } from './harness.ts';

const KEY = 'pools';

const append = (log: EventLog, count: number): Promise<readonly Entry[]> =>
  log.append(
    'berth.events',
    upTo(count).map((number) => ({ key: KEY, value: { number } })),
  );

const reads = async (log: EventLog, from: Offsets): Promise<void> => {
  for await (const _ of log.read('berth.events', from, new AbortController().signal)) {
    throw new Error('a reader was given what lies behind a deletion');
  }
};

export const deletionCases: ConformanceCases<EventLogHarness> = {
  async 'begins at 0 in each partition as long as nothing was deleted'({ opened: log }) {
    const zeros = Object.fromEntries(
      upTo(log.partitionCount('berth.events')).map((partition) => [partition, 0]),
    );
    expect(await log.starts('berth.events')).toEqual(zeros);
    await append(log, 10);
    expect(await log.starts('berth.events')).toEqual(zeros);
  },

  async 'says where it begins after a deletion, and reads on from there'({
    opened: log,
    deleteBefore,
  }) {
    const appended = await append(log, 10);
    const partition = appended[0]?.partition ?? -1;
    const cut = await deleteBefore('berth.events', { [partition]: 6 });
    expect((await cut.starts('berth.events'))[partition]).toBe(6);
    expect((await cut.ends('berth.events'))[partition]).toBe(10);
    const reading = startReading(cut, 'berth.events', { [partition]: 6 });
    await reading.until(4);
    await reading.stop();
    expect(reading.entries).toEqual(appended.slice(6));
  },

  async 'fails a read from an offset that was deleted, also where none was named'({
    opened: log,
    deleteBefore,
  }) {
    const partition = (await append(log, 10))[0]?.partition ?? -1;
    const cut = await deleteBefore('berth.events', { [partition]: 6 });
    for (const offset of [0, 5]) {
      await expect(reads(cut, { [partition]: offset })).rejects.toMatchObject({
        code: 'BERTH_LOG_OFFSET_GONE',
        details: { topic: 'berth.events', partition, offset, start: 6 },
      });
    }
    await expect(reads(cut, {})).rejects.toMatchObject({ code: 'BERTH_LOG_OFFSET_GONE' });
  },

  async 'keeps its offsets where all was deleted'({ opened: log, deleteBefore, reopen }) {
    const partition = (await append(log, 3))[0]?.partition ?? -1;
    await deleteBefore('berth.events', { [partition]: 3 });
    const cut = await reopen();
    expect((await cut.starts('berth.events'))[partition]).toBe(3);
    await expect(reads(cut, { [partition]: 2 })).rejects.toMatchObject({
      code: 'BERTH_LOG_OFFSET_GONE',
      details: { start: 3 },
    });
    const reading = startReading(cut, 'berth.events', { [partition]: 3 });
    expect((await append(cut, 1))[0]?.offset).toBe(3);
    await reading.until(1);
    await reading.stop();
  },
};
