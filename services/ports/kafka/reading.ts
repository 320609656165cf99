/** What readers are given: batches of one partition, live, or until what is there now was read. */
import type { KafkaConnection } from './cluster.ts';
import { type FollowInit, follow } from './follow.ts';
import type { KafkaComponents } from './link.ts';
import type { PartitionOffsets } from './offsets.ts';
import type { StoredRecord } from './places.ts';

export async function* slices(
  init: FollowInit,
  batchMax: number,
  components: KafkaComponents,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredRecord[], void, void> {
  for await (const { records } of follow(init, components, signal)) {
    for (let start = 0; start < records.length; start += batchMax) {
      yield records.slice(start, start + batchMax);
      if (signal.aborted) return;
    }
  }
}

export interface ReadToEndInit {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitions: readonly number[];
  readonly starts: (topic: string) => Promise<PartitionOffsets>;
  readonly ends: (topic: string) => Promise<PartitionOffsets>;
}

/** Positions count, not records: the last ones before the end may have been compacted away. */
export async function* readToEnd(
  { connection, topic, partitions, starts, ends }: ReadToEndInit,
  components: KafkaComponents,
  signal: AbortSignal,
): AsyncGenerator<readonly StoredRecord[], void, void> {
  const [from, until] = await Promise.all([starts(topic), ends(topic)]);
  const isLeft = ([each, start]: readonly [number, number]): boolean =>
    partitions.includes(each) && start < (until.get(each) ?? 0);
  const left = new Map([...from].filter(isLeft));
  if (left.size === 0) return;
  const following = follow({ connection, topic, from: new Map(left) }, components, signal);
  for await (const { partition, records, next } of following) {
    const end = until.get(partition) ?? 0;
    const wanted = records.filter(({ offset }) => offset < end);
    if (wanted.length > 0) yield wanted;
    if (next >= end) left.delete(partition);
    if (left.size === 0) return;
  }
}
