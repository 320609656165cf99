/**
 * One reader: goes over the partitions in turn, a batch at a time, and sleeps at the end. It reads
 * only when it is asked for the next batch, so nothing is read ahead and a slow reader holds no
 * transaction, no memory and nobody up.
 * Offsets of a topic that is kept are dense, so a batch that begins later than asked for begins
 * behind a deletion, and is refused.
 */
import { setImmediate } from 'node:timers/promises';
import { berthError } from '../../../contract/errors.ts';
import { type Topic, topicSettings } from '../../../contract/topics.ts';
import type { Wake } from '../../../runtime/wake.ts';
import type { Entry, Offsets } from '../port.ts';
import type { Tail } from './store.ts';

export interface ReadSource {
  readonly batchMax: number;
  readonly wake: Wake;
  tail(topic: Topic, partition: number): Tail;
  range(topic: Topic, partition: number, from: number, end: number, max: number): readonly Entry[];
}

export async function* readEntries(
  source: ReadSource,
  topic: Topic,
  init: { readonly from: Offsets; readonly partitions: readonly number[] },
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[], void, void> {
  const dense = topicSettings(topic).cleanup === 'keep';
  const next = new Map(init.partitions.map((each) => [each, init.from[each] ?? 0]));
  while (!signal.aborted) {
    let atEnd = true;
    for (const [partition, start] of next) {
      const end = source.tail(topic, partition).next;
      if (start >= end) continue;
      atEnd = false;
      const batch = source.range(topic, partition, start, end, source.batchMax);
      if (dense && batch[0]?.offset !== start) {
        const begins = batch[0]?.offset ?? end;
        throw berthError('BERTH_LOG_OFFSET_GONE', {
          offset: start,
          topic,
          partition,
          start: begins,
        });
      }
      // Of a compacted topic, entries may be missing anywhere but at the end.
      const last = batch.at(-1);
      const whole = batch.length < source.batchMax;
      next.set(partition, whole || last === undefined ? end : last.offset + 1);
      if (batch.length > 0) yield batch;
      // A reader that never waits for anything must not keep commits and timers waiting.
      await setImmediate();
      if (signal.aborted) return;
    }
    if (atEnd) await source.wake.next(signal);
  }
}
