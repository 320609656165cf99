/**
 * Group commit: what is appended while a commit is under way becomes the next transaction, so the
 * price of a flush is shared by all who wait for it. Offsets are given when a group is written,
 * never before, so that a refused or failed append leaves no gap. One call is never split.
 */
import { canonicalJson } from '../../../contract/canonical.ts';
import { berthError } from '../../../contract/errors.ts';
import { partitionOf } from '../../../contract/partition.ts';
import type { Topic } from '../../../contract/topics.ts';
import { tell } from '../../../runtime/channels.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Entry, NewEntry } from '../port.ts';
import type { LogStore, PlacedEntry, Tail } from './store.ts';

/** A group takes further calls until it has so many entries. */
const GROUP_ENTRIES_MAX = 10_000;
/** Entries that wait for a commit; more are refused with BERTH_LOG_OVERLOADED. */
const QUEUED_ENTRIES_MAX = 200_000;
/** LMDB's keys end at 1,978 bytes; this leaves room, and no name of ours comes near it. */
const KEY_BYTES_MAX = 1_024;

export interface Appender {
  append(topic: Topic, entries: readonly NewEntry[]): Promise<readonly Entry[]>;
  tail(topic: Topic, partition: number): Tail;
  /** Ends when all that was accepted is written. */
  drained(): Promise<void>;
}

interface PreparedEntry {
  readonly newEntry: NewEntry;
  readonly partition: number;
  readonly valueText: string;
}

interface Call {
  readonly topic: Topic;
  readonly prepared: readonly PreparedEntry[];
  readonly resolve: (entries: readonly Entry[]) => void;
  readonly reject: (error: unknown) => void;
}

export function groupAppender(
  init: { readonly partitionCount: (topic: Topic) => number; readonly onWritten: () => void },
  components: { readonly store: LogStore; readonly clock: Clock },
): Appender {
  const { store, clock } = components;
  const tails = new Map<string, Tail>();
  let queue: Call[] = [];
  let queuedEntries = 0;
  let writing: Promise<void> | null = null;

  const tail = (topic: Topic, partition: number): Tail => {
    const known = tails.get(`${topic} ${partition}`);
    if (known !== undefined) return known;
    const stored = store.tail(topic, partition);
    tails.set(`${topic} ${partition}`, stored);
    return stored;
  };

  async function writeGroup(group: readonly Call[]): Promise<void> {
    const moved = new Map<string, Tail>();
    const nowMs = Math.floor(clock.nowMs());
    const startedMs = clock.nowMs();
    const placed = group.map((call) => place(call, nowMs, moved, tail));
    try {
      await store.write(placed.flat());
    } catch (error) {
      // Whether it is on the disk is not known: ask the disk again.
      tails.clear();
      const reason = error instanceof Error ? error.message : String(error);
      const failure = berthError('BERTH_LOG_WRITE', { reason }, error);
      for (const call of group) call.reject(failure);
      return;
    }
    for (const [name, next] of moved) tails.set(name, next);
    group.forEach((call, index) => {
      call.resolve((placed[index] ?? []).map(({ entry }) => entry));
    });
    const seconds = (clock.nowMs() - startedMs) / 1000;
    tell('berth:log:entries-written', { entries: placed.flat().length, seconds });
    init.onWritten();
  }

  async function writeAll(): Promise<void> {
    // Calls of the same turn belong to one group.
    await Promise.resolve();
    while (queue.length > 0) {
      const group = takeGroup(queue);
      queue = queue.slice(group.length);
      await writeGroup(group);
      for (const call of group) queuedEntries -= call.prepared.length;
    }
    writing = null;
  }

  return {
    tail,
    append: (topic, entries) =>
      new Promise((resolve, reject) => {
        const count = init.partitionCount(topic);
        const prepared = entries.map((entry, index) => prepare(entry, index, count));
        if (queuedEntries + prepared.length > QUEUED_ENTRIES_MAX) {
          throw berthError('BERTH_LOG_OVERLOADED', { waiting: queuedEntries });
        }
        queuedEntries += prepared.length;
        queue.push({ topic, prepared, resolve, reject });
        writing ??= writeAll();
      }),
    async drained() {
      await writing;
    },
  };
}

function takeGroup(queue: readonly Call[]): readonly Call[] {
  let entries = 0;
  const end = queue.findIndex((call) => {
    entries += call.prepared.length;
    return entries > GROUP_ENTRIES_MAX;
  });
  return queue.slice(0, end < 0 ? queue.length : Math.max(1, end));
}

function prepare(newEntry: NewEntry, index: number, partitionCount: number): PreparedEntry {
  const bytes = Buffer.byteLength(newEntry.key);
  if (bytes === 0 || bytes > KEY_BYTES_MAX) {
    const reason = `its key has ${bytes} bytes, not 1 to ${KEY_BYTES_MAX}`;
    throw berthError('BERTH_LOG_BAD_ENTRY', { index, reason });
  }
  try {
    const valueText = canonicalJson(newEntry.value);
    return { newEntry, partition: partitionOf(newEntry.key, partitionCount), valueText };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw berthError('BERTH_LOG_BAD_ENTRY', { index, reason }, error);
  }
}

/** Gives each entry its offset and time, and moves the tails of this group along. */
function place(
  call: Call,
  nowMs: number,
  moved: Map<string, Tail>,
  tail: (topic: Topic, partition: number) => Tail,
): readonly PlacedEntry[] {
  return call.prepared.map(({ newEntry, partition, valueText }) => {
    const name = `${call.topic} ${partition}`;
    const { next, lastTimeMs } = moved.get(name) ?? tail(call.topic, partition);
    const { key, value, firstTimeMs } = newEntry;
    const timeMs = firstTimeMs ?? Math.max(lastTimeMs, nowMs);
    moved.set(name, { next: next + 1, lastTimeMs: Math.max(lastTimeMs, timeMs) });
    return { topic: call.topic, entry: { key, value, partition, offset: next, timeMs }, valueText };
  });
}
