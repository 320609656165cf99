/**
 * The log: topics of partitions of records, each record under a key.
 *
 * Order: records of one key are read in the order in which they were appended; keys share a
 * partition by `partitionOf` (contract/partition.ts). Offsets are dense from 0 in a partition.
 * Durability: `append` answers when the records would survive a crash of the machine. An append
 * whose fate is unknown (it threw) is repeated with the same bytes; readers cope with duplicates.
 * Delivery: `read` gives every record at or after the positions asked for, in batches, and goes on
 * with new ones until its signal is aborted, which ends it without an error. A slow reader slows
 * nobody else; at most one batch is read ahead. Where records were deleted that it should have
 * given, it fails with BERTH_LOG_OFFSET_GONE: never does it begin at what happens to be the first.
 * Compaction: of a compacted topic only the latest record of each key needs to be there. What was
 * superseded is not gone in the sense above: offsets rise, but have gaps for who reads.
 * Membership: `join` shares the partitions of a topic out among all who joined the same group.
 * It reads nothing and holds no position, and for a moment two members may both believe that a
 * partition is theirs: who writes must not mind (docs/ARCHITECTURE.md, "Effectively once").
 * Strangers: what lies in a topic and is none of our appends is given as a refused entry, in its
 * place; never is it left out, nor does it end a reader.
 * Cursors: a named hint how far a reader came. No correctness rests on one, and while its group
 * changes, or has other members, none is taken (BERTH_LOG_NOT_COMMITTED).
 * Close: `close` may be called twice; reads end, later calls are refused with BERTH_LOG_CLOSED.
 */
import type { Refusal } from '../../contract/refusal.ts';
import type { Topic } from '../../contract/topics.ts';

/** A value as it is stored: canonical JSON of one of the contract's record types. */
export type LogValue = Readonly<Record<string, unknown>>;

export interface NewEntry {
  readonly key: string;
  readonly value: LogValue;
  /** Of a record that is moved here from another log: that one's append time, which wins. */
  readonly firstTimeMs?: number;
}

export interface Entry {
  readonly key: string;
  readonly value: LogValue;
  readonly partition: number;
  readonly offset: number;
  /** Append time, milliseconds since the epoch; of a moved record, in the log that had it first. */
  readonly timeMs: number;
  /** It is nothing that we append: its value means nothing, and its key may be ''. */
  readonly refused?: Refusal;
}

/** By partition: the next offset to read or to be written. A partition not named counts as 0. */
export type Offsets = Readonly<Record<number, number>>;

export interface EventLog {
  readonly kind: 'lmdb' | 'kafka';
  /** Fixed when the topic is made; not the same for every topic. */
  partitionCount(topic: Topic): number;
  /** All entries of one call keep their order within their keys. Answers where each one stands. */
  append(topic: Topic, entries: readonly NewEntry[]): Promise<readonly Entry[]>;
  /**
   * From these offsets on (inclusive), then live. Batches never mix partitions.
   * @default partitions all
   */
  read(
    topic: Topic,
    from: Offsets,
    signal: AbortSignal,
    partitions?: readonly number[],
  ): AsyncIterable<readonly Entry[]>;
  /** The first offset that is not deleted, by partition; the end where nothing is left. */
  starts(topic: Topic): Promise<Offsets>;
  /** The next offset to be written, by partition. */
  ends(topic: Topic): Promise<Offsets>;
  /** The latest entry of each key. */
  latest(topic: Topic): Promise<ReadonlyMap<string, Entry>>;
  /**
   * The partitions that are this member's, first when that is known, then at each change, in full.
   * The latest value holds; one that nobody took yet is replaced by the next. An abort leaves the
   * group and ends it without an error.
   */
  join(group: string, topic: Topic, signal: AbortSignal): AsyncIterable<readonly number[]>;
  /** The cursor of a group's member is named like the group. */
  commit(cursor: string, topic: Topic, offsets: Offsets): Promise<void>;
  committed(cursor: string, topic: Topic): Promise<Offsets>;
  close(): Promise<void>;
}
