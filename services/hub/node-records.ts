/**
 * `berth.nodes` as a hub reads it: the latest record of each key, and the fence book. Knows how far
 * it was read, so that a hub may wait until it knows all that was said of a node before it came.
 */
import type { NodeRecord } from '../contract/node-records.ts';
import { TOPICS } from '../contract/topics.ts';
import type { Entry, EventLog, Offsets } from '../ports/event-log/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { createFenceBook, type FenceBook } from './fence-book.ts';

/** The latest of each key of `berth.nodes`. */
export type NodeRecords = Map<string, NodeRecord>;

export interface ReadNodeRecords {
  readonly latest: NodeRecords;
  readonly book: FenceBook;
  /** The next entry of its partition. */
  take(entry: Entry): NodeRecord;
  /** Calls back when all that the topic has now was read; answers how to give that up. */
  whenReadToNow(call: () => void): () => void;
}

const RETRY_MS = 100;

export function createReadNodeRecords(components: {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Log;
}): ReadNodeRecords {
  const { eventLog, clock, log } = components;
  const latest: NodeRecords = new Map();
  const book = createFenceBook();
  const next = new Map<number, number>();
  const waiting = new Set<() => void>();

  const isRead = (ends: Offsets): boolean =>
    Object.entries(ends).every(([partition, end]) => (next.get(Number(partition)) ?? 0) >= end);

  async function endsWhateverItTakes(isOver: () => boolean): Promise<Offsets> {
    for (;;) {
      try {
        return await eventLog.ends(TOPICS.nodes.name);
      } catch (error) {
        if (isOver()) return {};
        log.warn({ error }, 'the end of the node records is not known, asking again');
        await clock.sleep(RETRY_MS);
      }
    }
  }

  return {
    latest,
    book,
    take: ({ key, value, partition, offset }) => {
      const record = value as unknown as NodeRecord;
      latest.set(key, record);
      if (record.type === 'NodeFence') book.read(record, offset);
      next.set(partition, offset + 1);
      // A compacted topic may end in a record that was read; who waits looks for himself.
      for (const look of [...waiting]) look();
      return record;
    },
    whenReadToNow: (call) => {
      let over = false;
      void endsWhateverItTakes(() => over).then((ends) => {
        const look = (): void => {
          if (!over && !isRead(ends)) return;
          waiting.delete(look);
          if (!over) call();
          over = true;
        };
        waiting.add(look);
        look();
      });
      return () => {
        over = true;
      };
    },
  };
}
