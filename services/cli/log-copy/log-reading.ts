/** Reads logs that stand still: from where a topic begins up to given ends, and no further. */
import type { Topic } from '../../contract/topics.ts';
import type { Entry, EventLog, Offsets } from '../../ports/event-log/port.ts';

/**
 * All of a topic's entries in order of time across partitions, as far as each partition's own
 * order allows: so a partition that gets records of several has times that do not go back.
 */
export async function* readAll(
  log: EventLog,
  topic: Topic,
  from: Offsets,
  ends: Offsets,
): AsyncGenerator<Entry> {
  const stop = new AbortController();
  const readers = Object.keys(ends).map((name) =>
    readPartition(log, { topic, partition: Number(name), from, ends }, stop.signal),
  );
  try {
    const heads = new Map<AsyncGenerator<Entry>, Entry>();
    for (const reader of readers) await takeNext(heads, reader);
    while (heads.size > 0) {
      const [reader, entry] = [...heads].reduce((a, b) => (b[1].timeMs < a[1].timeMs ? b : a));
      yield entry;
      await takeNext(heads, reader);
    }
  } finally {
    stop.abort();
    for (const reader of readers) await reader.return(undefined);
  }
}

async function takeNext(
  heads: Map<AsyncGenerator<Entry>, Entry>,
  reader: AsyncGenerator<Entry>,
): Promise<void> {
  const { done, value } = await reader.next();
  if (done === true) heads.delete(reader);
  else heads.set(reader, value);
}

interface Part {
  readonly topic: Topic;
  readonly partition: number;
  readonly from: Offsets;
  readonly ends: Offsets;
}

async function* readPartition(
  log: EventLog,
  { topic, partition, from, ends }: Part,
  signal: AbortSignal,
): AsyncGenerator<Entry> {
  const start = from[partition] ?? 0;
  const end = ends[partition] ?? 0;
  if (start >= end) return;
  for await (const entries of log.read(topic, { [partition]: start }, signal, [partition])) {
    for (const entry of entries) {
      if (entry.offset < end) yield entry;
      if (entry.offset >= end - 1) return;
    }
  }
}
