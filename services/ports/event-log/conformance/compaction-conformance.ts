/** Cases of the EventLog's suite: the latest of each key, compacted topics. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { startReading, upTo } from '../../../../test/log-reading.ts';
import type { EventLog } from '../port.ts';
import type { EventLogHarness } from './harness.ts';

const latestValues = async (log: EventLog): Promise<Record<string, unknown>> =>
  Object.fromEntries(
    [...(await log.latest('berth.nodes'))].map(([key, { value }]) => [key, value]),
  );

export const compactionCases: ConformanceCases<EventLogHarness> = {
  async 'answers the latest entry of each key, of any topic'({ opened: log, reopen }) {
    await log.append('berth.nodes', [
      { key: 'n1/api', value: { number: 1 } },
      { key: 'n2/api', value: { number: 2 } },
      { key: 'n1/api', value: { number: 3 } },
    ]);
    await log.append('berth.nodes', [{ key: 'n1/api', value: { number: 4 } }]);
    await log.append('berth.acks', [{ key: 'n1', value: { number: 5 } }]);
    const [last] = await log.append('berth.acks', [{ key: 'n1', value: { number: 6 } }]);
    const expected = { 'n1/api': { number: 4 }, 'n2/api': { number: 2 } };
    expect(await latestValues(log)).toEqual(expected);
    expect([...(await log.latest('berth.acks')).values()]).toEqual([last]);
    expect(await latestValues(await reopen())).toEqual(expected);
  },

  async 'has no latest entry where nothing was appended'({ opened: log }) {
    expect((await log.latest('berth.nodes')).size).toBe(0);
  },

  async 'gives the latest of each key of a compacted topic to whoever reads it from the start'({
    opened: log,
    readBatchMax,
  }) {
    const keys = upTo(readBatchMax * 3).map((number) => `node-${number}/agent`);
    for (const number of upTo(4)) {
      await log.append(
        'berth.nodes',
        keys.map((key) => ({ key, value: { number } })),
      );
    }
    const reading = startReading(log, 'berth.nodes');
    const latest = new Map<string, unknown>();
    await expect
      .poll(() => {
        for (const { key, value } of reading.entries) latest.set(key, value['number']);
        return latest.size === keys.length && [...latest.values()].every((number) => number === 3);
      })
      .toBe(true);
    await reading.stop();
  },

  async 'keeps offsets of a compacted topic dense for who appends, rising for who reads'({
    opened: log,
  }) {
    const key = 'n1/agent';
    for (const number of upTo(5)) {
      const call = [
        { key, value: { number } },
        { key, value: { number, again: true } },
      ];
      const offsets = (await log.append('berth.nodes', call)).map(({ offset }) => offset);
      expect(offsets).toEqual([2 * number, 2 * number + 1]);
    }
    const reading = startReading(log, 'berth.nodes');
    await expect.poll(() => reading.entries.at(-1)?.offset).toBe(9);
    await reading.stop();
    const offsets = reading.entries.map(({ offset }) => offset);
    expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
  },
};
