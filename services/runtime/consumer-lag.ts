/**
 * How far behind a reader is, in records and in seconds: what it has not handled yet, and the age
 * of the oldest record of it by its append time. It is computed when somebody asks, from where the
 * log ends; so it holds for readers too that do not run at all.
 */
import type { Topic } from '../contract/topics.ts';
import type { EventLog, Offsets } from '../ports/event-log/port.ts';
import type { Clock } from './clock.ts';

export interface Lag {
  readonly partition: number;
  /** Offsets; of a compacted topic as many records at most. */
  readonly records: number;
  /** 0 when there are none; null: nobody said the append time in time. */
  readonly seconds: number | null;
}

/**
 * `next`: the next offset to handle, by partition; what is not named begins where the log does.
 * @default partitions all
 */
export type LagOf = (
  topic: Topic,
  next: Offsets,
  partitions?: readonly number[] | null,
) => Promise<readonly Lag[]>;

const MILLISECONDS = 1e3;
const PEEK_TIMEOUT_MS = 2_000;

export function lagReader(components: {
  readonly eventLog: EventLog;
  readonly clock: Clock;
}): LagOf {
  const { eventLog, clock } = components;
  /** Of the oldest record that was not handled, by topic and partition: it is asked for once. */
  const peeked = new Map<string, { readonly offset: number; readonly timeMs: number }>();

  async function timeOf(topic: Topic, partition: number, offset: number): Promise<number | null> {
    const place = `${topic} ${partition}`;
    const known = peeked.get(place);
    if (known?.offset === offset) return known.timeMs;
    const timeMs = await peek(topic, partition, offset);
    if (timeMs !== null) peeked.set(place, { offset, timeMs });
    return timeMs;
  }

  async function peek(topic: Topic, partition: number, offset: number): Promise<number | null> {
    const enough = new AbortController();
    const cancel = clock.after(PEEK_TIMEOUT_MS, () => enough.abort());
    try {
      const from = { [partition]: offset };
      for await (const [first] of eventLog.read(topic, from, enough.signal, [partition])) {
        if (first !== undefined) return first.timeMs;
      }
      return null;
    } finally {
      cancel();
      enough.abort();
    }
  }

  return async (topic, next, partitions = null) => {
    if (partitions?.length === 0) return [];
    const [starts, ends] = await Promise.all([eventLog.starts(topic), eventLog.ends(topic)]);
    const asked = partitions ?? Object.keys(ends).map(Number);
    return Promise.all(
      asked.map(async (partition) => {
        const end = ends[partition] ?? 0;
        const start = starts[partition] ?? 0;
        const from = Math.max(next[partition] ?? 0, start);
        const records = Math.max(0, end - from);
        if (records === 0) return { partition, records, seconds: 0 };
        const timeMs = await timeOf(topic, partition, from);
        if (timeMs === null) return { partition, records, seconds: null };
        const seconds = Math.max(0, clock.nowMs() - timeMs) / MILLISECONDS;
        return { partition, records, seconds };
      }),
    );
  };
}
