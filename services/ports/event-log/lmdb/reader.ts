/**
 * One reader: goes over the partitions in turn, a batch at a time, and sleeps at the end. It reads
 * only when it is asked for the next batch, so nothing is read ahead and a slow reader holds no
 * transaction, no memory and nobody up.
 */
import { setImmediate } from 'node:timers/promises';
import type { Topic } from '../../../contract/topics.ts';
import type { Entry, Offsets } from '../port.ts';
import type { Tail } from './store.ts';
import type { Wake } from './wake.ts';

export interface ReadSource {
  readonly partitionCount: number;
  readonly batchMax: number;
  readonly wake: Wake;
  tail(topic: Topic, partition: number): Tail;
  range(topic: Topic, partition: number, from: number, end: number, max: number): readonly Entry[];
}

export async function* readEntries(
  source: ReadSource,
  topic: Topic,
  from: Offsets,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[], void, void> {
  const next = Array.from({ length: source.partitionCount }, (_, index) => from[index] ?? 0);
  while (!signal.aborted) {
    let atEnd = true;
    for (const [partition, start] of next.entries()) {
      const end = source.tail(topic, partition).next;
      if (start >= end) continue;
      atEnd = false;
      const batch = source.range(topic, partition, start, end, source.batchMax);
      // Of a compacted topic, entries may be missing anywhere but at the end.
      const last = batch.at(-1);
      const whole = batch.length < source.batchMax;
      next[partition] = whole || last === undefined ? end : last.offset + 1;
      if (batch.length > 0) yield batch;
      // A reader that never waits for anything must not keep commits and timers waiting.
      await setImmediate();
      if (signal.aborted) return;
    }
    if (atEnd) await source.wake.next(signal);
  }
}
