/**
 * How the log lies in its LMDB environment, and nothing else: entries under (partition, offset)
 * in a table per topic; beside them where the latest entry of each key stands, the tail of each
 * partition, the named cursors, and the partition count, fixed when the log was made. A group of
 * appends is one transaction, tails included, so that a crash can't leave a gap.
 */
import type { Database } from 'lmdb';
import { berthError } from '../../../contract/errors.ts';
import { TOPICS, type Topic } from '../../../contract/topics.ts';
import { type Environment, jsonTable, textTable } from '../../data-folder/environment.ts';
import type { Entry, LogValue, Offsets } from '../port.ts';

export interface Tail {
  readonly next: number;
  readonly lastTimeMs: number;
}

/** An entry that knows where it stands, with its value as text. */
export interface PlacedEntry {
  readonly topic: Topic;
  readonly entry: Entry;
  readonly valueText: string;
}

export interface LogStore {
  /** Of each topic that has no count of its own. */
  readonly partitionCount: number;
  tail(topic: Topic, partition: number): Tail;
  /** One transaction; on the disk when it answers. The caller gives them in order of offset. */
  write(group: readonly PlacedEntry[]): Promise<void>;
  /** The first offset that was not deleted, where the topic's next one is `end`. */
  start(topic: Topic, partition: number, end: number): number;
  /** At most `max` entries with `from <= offset < end`. */
  range(topic: Topic, partition: number, from: number, end: number, max: number): readonly Entry[];
  latest(topic: Topic): ReadonlyMap<string, Entry>;
  saveCursor(cursor: string, topic: Topic, offsets: Offsets): Promise<void>;
  cursor(cursor: string, topic: Topic): Offsets;
}

type Place = [partition: number, offset: number];
type CursorKey = [cursor: string, topic: Topic, partition: number];

interface TopicTables {
  readonly compact: boolean;
  readonly entries: Database<string, Place>;
  readonly latest: Database<Place, string>;
}

const EMPTY_TAIL: Tail = { next: 0, lastTimeMs: 0 };
const PARTITION_COUNT_KEY = 'partitionCount';
const DEFAULT_PARTITIONS = 4;

/** `want`: null where any count will do; a new log then has `DEFAULT_PARTITIONS`. */
export function openLogStore(environment: Environment, want: number | null): LogStore {
  const partitionCount = fixPartitionCount(environment, want);
  const topics = openTopics(environment);
  const tails = jsonTable<Tail, [string, number]>(environment, 'tails');
  const cursors = jsonTable<number, CursorKey>(environment, 'cursors');

  return {
    partitionCount,
    tail: (topic, partition) => tails.get([topic, partition]) ?? EMPTY_TAIL,
    async write(group) {
      await environment.batch(() => {
        for (const { topic, entry } of putEntries(topics, group).values()) {
          tails.put([topic, entry.partition], { next: entry.offset + 1, lastTimeMs: entry.timeMs });
        }
      });
    },
    start(topic, partition, end) {
      const { compact, entries } = topics[topic];
      // What is missing of a compacted topic was superseded, not deleted.
      if (compact) return 0;
      const range = { start: [partition, 0], end: [partition, end] } satisfies Record<
        string,
        Place
      >;
      const [first] = entries.getKeys({ ...range, limit: 1 });
      return first?.[1] ?? end;
    },
    range(topic, partition, from, end, max) {
      const { entries } = topics[topic];
      const found = entries.getRange({
        start: [partition, from],
        end: [partition, end],
        limit: max,
      });
      return Array.from(found, ({ key, value }) => decode(key, value));
    },
    latest: (topic) => readLatest(topics[topic]),
    async saveCursor(cursor, topic, offsets) {
      await environment.batch(() => {
        for (const [partition, offset] of Object.entries(offsets)) {
          cursors.put([cursor, topic, Number(partition)], offset);
        }
      });
    },
    cursor(cursor, topic) {
      const start: CursorKey = [cursor, topic, 0];
      const found = cursors.getRange({ start, end: [cursor, topic, Number.POSITIVE_INFINITY] });
      return Object.fromEntries(Array.from(found, ({ key, value }) => [key[2], value]));
    },
  };
}

/** Called inside a transaction. Answers the last entry of each partition that got any. */
function putEntries(
  topics: Readonly<Record<Topic, TopicTables>>,
  group: readonly PlacedEntry[],
): ReadonlyMap<string, PlacedEntry> {
  const lastByKey = new Map<string, PlacedEntry>();
  const lastByPartition = new Map<string, PlacedEntry>();
  for (const placed of group) {
    lastByKey.set(`${placed.topic} ${placed.entry.key}`, placed);
    lastByPartition.set(`${placed.topic} ${placed.entry.partition}`, placed);
    if (!topics[placed.topic].compact) putEntry(topics[placed.topic], placed);
  }
  for (const placed of lastByKey.values()) {
    const tables = topics[placed.topic];
    if (tables.compact) {
      const superseded = tables.latest.get(placed.entry.key);
      if (superseded !== undefined) tables.entries.remove(superseded);
      putEntry(tables, placed);
    }
    tables.latest.put(placed.entry.key, [placed.entry.partition, placed.entry.offset]);
  }
  return lastByPartition;
}

function putEntry(tables: TopicTables, { entry, valueText }: PlacedEntry): void {
  const text = `[${entry.timeMs},${JSON.stringify(entry.key)},${valueText}]`;
  tables.entries.put([entry.partition, entry.offset], text);
}

function decode([partition, offset]: Place, text: string): Entry {
  const [timeMs, key, value] = JSON.parse(text) as [number, string, LogValue];
  return { key, value, partition, offset, timeMs };
}

function readLatest(tables: TopicTables): ReadonlyMap<string, Entry> {
  const latest = new Map<string, Entry>();
  for (const { value: place } of tables.latest.getRange({})) {
    const text = tables.entries.get(place);
    if (text === undefined) continue;
    const entry = decode(place, text);
    latest.set(entry.key, entry);
  }
  return latest;
}

function openTopics(environment: Environment): Readonly<Record<Topic, TopicTables>> {
  const open = ({ name, cleanup }: (typeof TOPICS)[keyof typeof TOPICS]): TopicTables => ({
    compact: cleanup === 'compact',
    entries: textTable<Place>(environment, `entries/${name}`),
    latest: jsonTable<Place, string>(environment, `latest/${name}`),
  });
  return {
    'berth.events': open(TOPICS.events),
    'berth.nodes': open(TOPICS.nodes),
    'berth.acks': open(TOPICS.acks),
    'berth.status': open(TOPICS.status),
    'berth.dead-letters': open(TOPICS.deadLetters),
  };
}

function fixPartitionCount(environment: Environment, want: number | null): number {
  const settings = jsonTable<number, string>(environment, 'settings');
  const have = settings.get(PARTITION_COUNT_KEY);
  const count = have ?? want ?? DEFAULT_PARTITIONS;
  if (have === undefined) settings.putSync(PARTITION_COUNT_KEY, count);
  if (want !== null && want !== count)
    throw berthError('BERTH_LOG_PARTITIONS', { have: count, want });
  return count;
}
