/** Cases of the EventLog's suite: what an append promises, and what closing does. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { offsetsByPartition, readAll, startReading, upTo } from '../../../../test/log-reading.ts';
import { partitionOf } from '../../../contract/partition.ts';
import type { LogValue } from '../port.ts';
import type { EventLogHarness } from './harness.ts';

const LARGEST_BATCH = 10_000;

export const appendCases: ConformanceCases<EventLogHarness> = {
  async 'gives dense offsets from 0 in each partition, and says where each entry stands'({
    opened: log,
  }) {
    const appended = await log.append(
      'berth.events',
      upTo(60).map((number) => ({ key: `ns/${number}`, value: { number } })),
    );
    expect(appended.map(({ value }) => value)).toEqual(upTo(60).map((number) => ({ number })));
    for (const offsets of offsetsByPartition(appended).values()) {
      expect(offsets).toEqual(upTo(offsets.length));
    }
    expect(await readAll(log, 'berth.events', 60)).toEqual(expect.arrayContaining([...appended]));
  },

  async 'puts a key into the partition that the contract says'({ opened: log }) {
    const count = log.partitionCount('berth.events');
    const keys = ['pools', 'ns/shop', 'ns/été', 'target/orders-db', 'target/支払い'];
    const entries = keys.map((key) => ({ key, value: {} }));
    for (const { key, partition } of await log.append('berth.events', entries)) {
      expect(partition).toBe(partitionOf(key, count));
    }
  },

  async 'keeps the order of a key over appends that are under way together'({ opened: log }) {
    await Promise.all(
      upTo(300).map((number) =>
        log.append('berth.events', [{ key: `ns/${number % 3}`, value: { number } }]),
      ),
    );
    const entries = await readAll(log, 'berth.events', 300);
    for (const key of ['ns/0', 'ns/1', 'ns/2']) {
      const numbers = entries.filter((entry) => entry.key === key).map(({ value }) => value);
      expect(numbers).toEqual(
        upTo(300).flatMap((number) => (`ns/${number % 3}` === key ? [{ number }] : [])),
      );
    }
  },

  async 'keeps every entry of a key that stands in one call more than once'({ opened: log }) {
    const call = [1, 2, 3].map((number) => ({ key: 'ns/shop', value: { number } }));
    const appended = await log.append('berth.events', call);
    expect(appended.map(({ offset }) => offset)).toEqual([0, 1, 2]);
    expect(await readAll(log, 'berth.events', 3)).toEqual(appended);
  },

  async 'keeps the time that a moved record brings, and its own of the next'({ opened: log }) {
    const firstTimeMs = Date.UTC(2020, 1, 2);
    const entry = { key: 'pools', value: {} };
    const [moved] = await log.append('berth.events', [{ ...entry, firstTimeMs }]);
    const [next] = await log.append('berth.events', [entry]);
    expect(moved).toMatchObject({ ...entry, offset: 0, timeMs: firstTimeMs });
    expect(next?.timeMs).toBeGreaterThan(firstTimeMs);
    expect(await readAll(log, 'berth.events', 2)).toEqual([moved, next]);
  },

  async 'answers an empty append with nothing, and no end moves'({ opened: log }) {
    expect(await log.append('berth.events', [])).toEqual([]);
    expect(Object.values(await log.ends('berth.events')).every((end) => end === 0)).toBe(true);
  },

  async 'takes the largest batch in one call'({ opened: log }) {
    const call = upTo(LARGEST_BATCH).map((number) => ({
      key: `ns/${number % 40}`,
      value: { number },
    }));
    expect(await log.append('berth.events', call)).toHaveLength(LARGEST_BATCH);
    const ends = Object.values(await log.ends('berth.events'));
    expect(ends.reduce((sum, end) => sum + end, 0)).toBe(LARGEST_BATCH);
    expect(await readAll(log, 'berth.events', LARGEST_BATCH)).toHaveLength(LARGEST_BATCH);
  },

  async 'gives back the value that was appended'({ opened: log }) {
    const value = {
      text: 'Grüße, "quoted"\n\u0000 and \ud83d\ude80',
      numbers: [0, -1, 2 ** 53 - 1],
      nothing: null,
      nested: { yes: true, list: [[], {}], 'a key': { b: 'c' } },
    };
    await log.append('berth.events', [{ key: 'ns/shop', value }]);
    expect((await readAll(log, 'berth.events', 1))[0]?.value).toEqual(value);
  },

  async 'refuses a call with an entry that cannot be stored, and writes none of it'({
    opened: log,
  }) {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const call = [
      { key: 'ns/shop', value: { number: 1 } },
      { key: 'ns/shop', value: circular as LogValue },
    ];
    await expect(log.append('berth.events', call)).rejects.toMatchObject({
      code: 'BERTH_LOG_BAD_ENTRY',
    });
    await expect(log.append('berth.events', [{ key: '', value: {} }])).rejects.toMatchObject({
      code: 'BERTH_LOG_BAD_ENTRY',
    });
    const [next] = await log.append('berth.events', [{ key: 'ns/shop', value: { number: 2 } }]);
    expect(next?.offset).toBe(0);
  },

  async 'has everything that it acknowledged when it is opened again'({ opened: log, reopen }) {
    const appended = await log.append(
      'berth.events',
      upTo(50).map((number) => ({ key: `ns/${number}`, value: { number } })),
    );
    const ends = await log.ends('berth.events');
    const again = await reopen();
    expect(await again.ends('berth.events')).toEqual(ends);
    expect(await readAll(again, 'berth.events', 50)).toEqual(expect.arrayContaining([...appended]));
    const [next] = await again.append('berth.events', [{ key: 'ns/0', value: {} }]);
    expect(next?.offset).toBe(ends[next?.partition ?? -1]);
  },

  async 'finishes the appends that were accepted before it was closed'({ opened: log, reopen }) {
    const appends = upTo(20).map((number) =>
      log.append('berth.events', [{ key: 'ns/shop', value: { number } }]),
    );
    const again = await reopen();
    await Promise.all(appends);
    expect(await readAll(again, 'berth.events', 20)).toHaveLength(20);
  },

  async 'can be closed twice, ends its readers, and refuses what comes later'({ opened: log }) {
    const reading = startReading(log, 'berth.events');
    const left = log.join('mapper', 'berth.events', new AbortController().signal);
    const unread = log.read('berth.events', {}, new AbortController().signal);
    await log.append('berth.events', [{ key: 'ns/shop', value: {} }]);
    await reading.until(1);
    await Promise.all([log.close(), log.close()]);
    await log.close();
    await reading.stop();
    for await (const _ of unread) throw new Error('a closed log gave a batch');
    for await (const _ of left) throw new Error('a closed log gave partitions');

    const closed = { code: 'BERTH_LOG_CLOSED' };
    await expect(log.append('berth.events', [])).rejects.toMatchObject(closed);
    await expect(log.ends('berth.events')).rejects.toMatchObject(closed);
    await expect(log.starts('berth.events')).rejects.toMatchObject(closed);
    await expect(log.latest('berth.nodes')).rejects.toMatchObject(closed);
    await expect(log.commit('hub', 'berth.events', { 0: 1 })).rejects.toMatchObject(closed);
    await expect(log.committed('hub', 'berth.events')).rejects.toMatchObject(closed);
    const { signal } = new AbortController();
    expect(() => log.read('berth.events', {}, signal)).toThrow(expect.objectContaining(closed));
    expect(() => log.join('mapper', 'berth.events', signal)).toThrow(
      expect.objectContaining(closed),
    );
  },
};
