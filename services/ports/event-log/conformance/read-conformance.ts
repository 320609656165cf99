/** Cases of the EventLog's suite: positions, live reading, back-pressure, abort, cursors. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { offsetsByPartition, readAll, startReading, upTo } from '../../../../test/log-reading.ts';
import type { Entry, EventLog } from '../port.ts';
import type { EventLogHarness } from './harness.ts';

const append = (log: EventLog, count: number, first = 0): Promise<readonly Entry[]> =>
  log.append(
    'berth.events',
    upTo(count).map((index) => ({ key: `ns/${index % 7}`, value: { number: first + index } })),
  );

export const readCases: ConformanceCases<EventLogHarness> = {
  async 'gives a reader that waits at the end what is appended then'({ opened: log }) {
    const reading = startReading(log, 'berth.events');
    for (const number of upTo(5)) {
      const appended = await append(log, 1, number);
      await reading.until(number + 1);
      expect(reading.entries.at(-1)).toEqual(appended[0]);
    }
    await reading.stop();
  },

  async 'gives each entry once, in order, while others are appended'({
    opened: log,
    readBatchMax,
  }) {
    const count = readBatchMax * 5;
    await append(log, count);
    const reading = startReading(log, 'berth.events');
    for (const round of upTo(10)) await append(log, count, round);
    await reading.until(11 * count);
    await reading.stop();
    expect(reading.entries).toHaveLength(11 * count);
    for (const offsets of offsetsByPartition(reading.entries).values()) {
      expect(offsets).toEqual(upTo(offsets.length));
    }
  },

  async 'begins at the positions asked for, and at 0 where none is named'({ opened: log }) {
    const appended = await append(log, 70);
    const ends = await log.ends('berth.events');
    const partition = appended[0]?.partition ?? 0;
    const end = ends[partition] ?? 0;
    const reading = startReading(log, 'berth.events', { [partition]: end - 2 });
    await reading.until(70 - end + 2);
    await reading.stop();
    const offsets = offsetsByPartition(reading.entries);
    expect(offsets.get(partition)).toEqual([end - 2, end - 1]);
    offsets.delete(partition);
    for (const others of offsets.values()) expect(others[0]).toBe(0);
  },

  async 'waits for a position that is not there yet'({ opened: log }) {
    const reading = startReading(log, 'berth.events', { ...(await log.ends('berth.events')) });
    const later = startReading(log, 'berth.events', Object.fromEntries(upTo(9).map((p) => [p, 2])));
    await log.append(
      'berth.events',
      upTo(3).map((number) => ({ key: 'pools', value: { number } })),
    );
    await later.until(1);
    await reading.until(3);
    await Promise.all([reading.stop(), later.stop()]);
    expect(later.entries.map(({ offset }) => offset)).toEqual([2]);
  },

  async 'never mixes partitions in a batch, nor gives an empty one'({ opened: log }) {
    await append(log, 200);
    const reading = startReading(log, 'berth.events');
    await reading.until(200);
    await reading.stop();
    for (const batch of reading.batches) {
      expect(new Set(batch.map(({ partition }) => partition)).size).toBe(1);
    }
  },

  async 'reads the partitions that are named, and no other'({ opened: log }) {
    const last = log.partitionCount('berth.events') - 1;
    const keys = upTo(60).map((number) => `ns/${number}`);
    const entries = keys.map((key) => ({ key, value: {} }));
    const appended = await log.append('berth.events', [...entries, ...entries]);
    const wanted = appended.filter(({ partition }) => partition === last);
    const reading = startReading(log, 'berth.events', { [last]: 1 }, [last]);
    await reading.until(wanted.length - 1);
    const [live] = await log.append('berth.events', [{ key: wanted[0]?.key ?? '', value: {} }]);
    await reading.until(wanted.length);
    await reading.stop();
    expect(reading.entries).toEqual([...wanted.slice(1), live]);
  },

  async 'reads nothing where no partition is named'({ opened: log }) {
    await append(log, 20);
    const reading = startReading(log, 'berth.events', {}, []);
    const other = startReading(log, 'berth.events');
    await other.until(20);
    await Promise.all([reading.stop(), other.stop()]);
    expect(reading.entries).toEqual([]);
  },

  async 'keeps topics apart'({ opened: log }) {
    await log.append('berth.events', [{ key: 'pools', value: { topic: 'events' } }]);
    await log.append('berth.acks', [{ key: 'pools', value: { topic: 'acks' } }]);
    expect((await readAll(log, 'berth.acks', 1)).map(({ value }) => value)).toEqual([
      { topic: 'acks' },
    ]);
    expect((await readAll(log, 'berth.events', 1)).map(({ value }) => value)).toEqual([
      { topic: 'events' },
    ]);
  },

  async 'lets a slow reader slow nobody'({ opened: log, readBatchMax }) {
    const slow = log.read('berth.events', {}, new AbortController().signal);
    const held = slow[Symbol.asyncIterator]();
    await append(log, readBatchMax);
    expect((await held.next()).done).toBe(false);
    const fast = startReading(log, 'berth.events');
    for (const round of upTo(20)) await append(log, readBatchMax, round);
    await fast.until(21 * readBatchMax);
    await fast.stop();
    await held.return?.();
  },

  async 'ends without an error when it is aborted while it waits'({ opened: log }) {
    await append(log, 3);
    const reading = startReading(log, 'berth.events');
    await reading.until(3);
    await reading.stop();
    await append(log, 3);
    expect(reading.entries).toHaveLength(3);
  },

  async 'ends without an error when it is aborted in the middle of a batch'({
    opened: log,
    readBatchMax,
  }) {
    await append(log, readBatchMax * 20);
    const abort = new AbortController();
    let batches = 0;
    for await (const _ of log.read('berth.events', {}, abort.signal)) {
      batches += 1;
      abort.abort();
    }
    expect(batches).toBe(1);
  },

  async 'gives nothing to a reader that was aborted before it began'({ opened: log }) {
    await append(log, 3);
    for await (const _ of log.read('berth.events', {}, AbortSignal.abort())) {
      throw new Error('an aborted reader got a batch');
    }
  },

  async 'delivers again what came after the committed position'({ opened: log, reopen }) {
    await append(log, 50);
    const reading = startReading(log, 'berth.events');
    const seen = (await reading.until(50)).slice(0, 20);
    await reading.stop();
    const position = Object.fromEntries(
      [...offsetsByPartition(seen)].map(([partition, offsets]) => [partition, offsets.length]),
    );
    await log.commit('mapper', 'berth.events', position);

    const again = await reopen();
    const committed = await again.committed('mapper', 'berth.events');
    expect(committed).toEqual(position);
    const rest = startReading(again, 'berth.events', committed);
    await rest.until(30);
    await rest.stop();
    expect([...seen, ...rest.entries]).toHaveLength(50);
    expect(new Set([...seen, ...rest.entries].map((e) => `${e.partition}/${e.offset}`)).size).toBe(
      50,
    );
  },

  async 'keeps a position for each cursor, topic and partition'({ opened: log }) {
    const last = log.partitionCount('berth.events') - 1;
    await log.commit('mapper', 'berth.events', { [last]: 7, 0: 5 });
    await Promise.all([
      log.commit('mapper', 'berth.events', { 0: 8 }),
      log.commit('mapper', 'berth.acks', { 0: 2 }),
    ]);
    await log.commit('hub', 'berth.events', { 0: 1 });
    expect(await log.committed('mapper', 'berth.events')).toEqual({ [last]: 7, 0: 8 });
    expect(await log.committed('mapper', 'berth.acks')).toEqual({ 0: 2 });
    expect(await log.committed('hub', 'berth.events')).toEqual({ 0: 1 });
    expect(await log.committed('hub', 'berth.acks')).toEqual({});
  },
};
