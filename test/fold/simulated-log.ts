/**
 * `berth.events` as plain arrays, for tests of the fold: appends take effect at once, time is
 * whatever the test says. It keeps no promise that the real log does not keep.
 */
import { partitionOf } from '../../services/contract/partition.ts';
import type { EventRecord, LoggedEvent } from '../../services/contract/records.ts';

export interface SimulatedLog {
  nowMs: number;
  readonly events: readonly LoggedEvent[];
  append(records: readonly EventRecord[]): LoggedEvent[];
}

export function simulatedLog(partitionCount = 3): SimulatedLog {
  const events: LoggedEvent[] = [];
  const ends = new Map<number, number>();
  const log = { nowMs: 1_000_000, events, append };

  function append(records: readonly EventRecord[]): LoggedEvent[] {
    const appended = records.map((record) => {
      const partition = partitionOf(record.aggregate, partitionCount);
      const offset = ends.get(partition) ?? 0;
      ends.set(partition, offset + 1);
      return { partition, offset, timeMs: log.nowMs, record };
    });
    events.push(...appended);
    return appended;
  }

  return log;
}
