/** Cases of the EventLog's suite: a group of one. More members: the suite for consumer groups. */
import { expect } from 'vitest';
import type { ConformanceCases } from '../../../../test/conformance-suite.ts';
import { upTo } from '../../../../test/log-reading.ts';
import type { EventLogHarness } from './harness.ts';

export const membershipCases: ConformanceCases<EventLogHarness> = {
  async 'gives all partitions to who joins alone, until it leaves'({ opened: log }) {
    const all = upTo(log.partitionCount('berth.events'));
    for (const _ of upTo(2)) {
      const leave = new AbortController();
      const given: (readonly number[])[] = [];
      for await (const partitions of log.join('mapper', 'berth.events', leave.signal)) {
        given.push([...partitions].sort((a, b) => a - b));
        leave.abort();
      }
      expect(given).toEqual([all]);
    }
  },

  async 'gives nothing to who left before it joined'({ opened: log }) {
    for await (const _ of log.join('mapper', 'berth.events', AbortSignal.abort())) {
      throw new Error('it was given partitions');
    }
  },

  async 'gives the partitions of each topic to who joins two'({ opened: log }) {
    const leave = new AbortController();
    const first = async (group: string, topic: 'berth.events' | 'berth.acks') => {
      for await (const partitions of log.join(group, topic, leave.signal)) return partitions.length;
      return 0;
    };
    expect(
      await Promise.all([first('mapper', 'berth.events'), first('ledger', 'berth.acks')]),
    ).toEqual([log.partitionCount('berth.events'), log.partitionCount('berth.acks')]);
  },

  async 'commits where a member came'({ opened: log }) {
    const leave = new AbortController();
    for await (const [partition = -1] of log.join('mapper', 'berth.events', leave.signal)) {
      await log.append('berth.events', [{ key: 'pools', value: {} }]);
      await log.commit('mapper', 'berth.events', { [partition]: 1 });
      expect(await log.committed('mapper', 'berth.events')).toEqual({ [partition]: 1 });
      leave.abort();
    }
  },
};
