/** A reader of a log for tests: it collects what it gets; a test waits for how many it wants. */
import { expect } from 'vitest';
import type { Topic } from '../services/contract/topics.ts';
import type { Entry, EventLog, Offsets } from '../services/ports/event-log/port.ts';

export interface Reading {
  readonly entries: readonly Entry[];
  readonly batches: readonly (readonly Entry[])[];
  /** Ends when it has at least so many entries. */
  until(count: number): Promise<readonly Entry[]>;
  /** Ends as the reader does: with what it threw. */
  ended(): Promise<void>;
  /** Aborts it, and ends when the reader has; throws what the reader threw. */
  stop(): Promise<void>;
}

export function startReading(
  log: EventLog,
  topic: Topic,
  from: Offsets = {},
  partitions?: readonly number[],
): Reading {
  const abort = new AbortController();
  const entries: Entry[] = [];
  const batches: (readonly Entry[])[] = [];
  const ended = (async () => {
    for await (const batch of log.read(topic, from, abort.signal, partitions)) {
      batches.push(batch);
      entries.push(...batch);
    }
  })();
  // Told to who asks for it.
  ended.catch(() => undefined);
  return {
    entries,
    batches,
    async until(count) {
      await expect.poll(() => entries.length, { timeout: 10_000 }).toBeGreaterThanOrEqual(count);
      return entries;
    },
    ended: () => ended,
    async stop() {
      abort.abort();
      await ended;
    },
  };
}

/** All that is there now. */
export async function readAll(
  log: EventLog,
  topic: Topic,
  count: number,
): Promise<readonly Entry[]> {
  const reading = startReading(log, topic);
  await reading.until(count);
  await reading.stop();
  return reading.entries;
}

/** All that is there now, however much that is. */
export async function readEverything(log: EventLog, topic: Topic): Promise<readonly Entry[]> {
  const ends = Object.values(await log.ends(topic));
  return readAll(
    log,
    topic,
    ends.reduce((sum, end) => sum + end, 0),
  );
}

export function offsetsByPartition(entries: readonly Entry[]): Map<number, number[]> {
  const offsets = new Map<number, number[]>();
  for (const { partition, offset } of entries) {
    offsets.set(partition, [...(offsets.get(partition) ?? []), offset]);
  }
  return offsets;
}

export const upTo = (end: number): number[] => Array.from({ length: end }, (_, index) => index);
