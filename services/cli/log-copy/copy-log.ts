/**
 * Moves a log into an empty one, of any kind and any partition count: the raw records, in order
 * for each aggregate, with the time at which they were first appended. The old log is sealed
 * first; the new one begins with marks that say so, and is nobody's before its end marks, which
 * are written when all of it was read back from there and folds to the same states.
 */
import { type ContentHashes, contentHashes } from '../../aggregates/content-hash.ts';
import { cutsOf, generationOf } from '../../aggregates/log/whole.ts';
import { createWorld } from '../../aggregates/world.ts';
import { berthError } from '../../contract/errors.ts';
import { type AggregateKey, aggregateKind } from '../../contract/identity.ts';
import { loggedEvent } from '../../contract/logged-event.ts';
import { logKey } from '../../contract/partition.ts';
import { type CopyBegan, type CopyEnded, eventRecord } from '../../contract/records.ts';
import { TOPICS, type Topic } from '../../contract/topics.ts';
import type { Entry, EventLog, NewEntry, Offsets } from '../../ports/event-log/port.ts';
import { readAll } from './log-reading.ts';
import { type SealedLog, sealLog, sourceGrows } from './seal.ts';

export interface CopyInit {
  /** All that is read of it can be read (runtime/readable-log.ts). */
  readonly source: EventLog;
  readonly target: EventLog;
  /** What the two are called, for people. */
  readonly from: string;
  readonly place: string;
}

export interface CopyReport {
  readonly generation: number;
  /** Copied, by topic. */
  readonly records: Readonly<Record<string, number>>;
  readonly aggregates: number;
  readonly partitions: { readonly source: number; readonly target: number };
  /** Over the states of all aggregates, without their records' positions. */
  readonly stateHash: { readonly source: string; readonly target: string };
}

const EVENTS = TOPICS.events.name;
const NODES = TOPICS.nodes.name;
const ACKS = TOPICS.acks.name;
const BATCH_MAX = 1000;
const END_TRIES_MAX = 5;

/** @throws BERTH_COPY_*, BERTH_LOG_UNFINISHED, as the fold: then the target is of no use */
export async function copyLog({ source, target, from, place }: CopyInit): Promise<CopyReport> {
  for (const topic of [EVENTS, NODES, ACKS]) await refuseNonEmpty(target, topic, place);
  if (await isEmpty(source, EVENTS)) throw berthError('BERTH_COPY_NO_SOURCE', { place: from });
  const sealed = await sealLog(source, place);
  const { ends, generation } = sealed;
  const into = createFilling(target, place);
  await into.append(EVENTS, marks(target, beganOf(sealed, target.partitionCount(EVENTS))));
  const acksFrom = await source.starts(ACKS);
  const acksEnds = await source.ends(ACKS);
  const acks = await fill(into, ACKS, written(readAll(source, ACKS, acksFrom, acksEnds)));
  const latest = [...(await source.latest(NODES)).values()];
  const nodes = await fill(
    into,
    NODES,
    latest.toSorted((a, b) => a.timeMs - b.timeMs),
  );
  const events = await fill(into, EVENTS, withoutMarks(readAll(source, EVENTS, {}, ends)));
  await refuseGrown(source, ends);
  const before = contentHashes(sealed.world.aggregates());
  const after = await hashesOf(target, into.ends(EVENTS), generation);
  refuseDifferent(before, after);
  await refuseGrownTarget(target, into.ends(EVENTS), place);
  await end(target, generation);
  return {
    generation,
    records: { [EVENTS]: events, [NODES]: nodes, [ACKS]: acks },
    aggregates: after.aggregates.size,
    partitions: {
      source: source.partitionCount(EVENTS),
      target: target.partitionCount(EVENTS),
    },
    stateHash: { source: before.whole, target: after.whole },
  };
}

/** Nobody knows whether a mark is there whose append failed, and a second one changes nothing. */
async function end(target: EventLog, generation: number): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await target.append(EVENTS, marks(target, { type: 'CopyEnded', generation }));
      return;
    } catch (error) {
      if (tries >= END_TRIES_MAX) throw error;
    }
  }
}

function beganOf({ world, ends, generation }: SealedLog, partitions: number): CopyBegan {
  // A reader that stopped at the seal may have taken it into its version.
  const cut = { generation: generationOf(world), version: ends };
  return { type: 'CopyBegan', generation, partitions, cuts: [...cutsOf(world), cut] };
}

/** One for each partition of the history. */
function marks(log: EventLog, body: CopyBegan | CopyEnded): NewEntry[] {
  const count = log.partitionCount(EVENTS);
  return Array.from({ length: count }, (_, partition) => {
    const key = logKey(partition, count);
    return { key, value: { ...eventRecord(key, body) } };
  });
}

async function* withoutMarks(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  for await (const entry of written(entries)) {
    if (aggregateKind(entry.key as AggregateKey) !== 'log') yield entry;
  }
}

/** What was refused, or is passed over by a ruling, is nothing there either. */
async function* written(entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  for await (const entry of entries) if (entry.refused === undefined) yield entry;
}

interface Filling {
  /** @throws BERTH_COPY_TARGET_GROWS */
  append(topic: Topic, entries: readonly NewEntry[]): Promise<void>;
  ends(topic: Topic): Offsets;
}

/** What is appended to an empty log must stand where it would, with nobody else about. */
function createFilling(target: EventLog, place: string): Filling {
  const next = new Map<Topic, Map<number, number>>();
  return {
    async append(topic, entries) {
      const ofTopic = next.get(topic) ?? new Map<number, number>();
      next.set(topic, ofTopic);
      for (const { partition, offset } of await target.append(topic, entries)) {
        const expected = ofTopic.get(partition) ?? 0;
        if (offset !== expected)
          throw berthError('BERTH_COPY_TARGET_GROWS', { place, topic, partition });
        ofTopic.set(partition, offset + 1);
      }
    },
    ends: (topic) => Object.fromEntries(next.get(topic) ?? []),
  };
}

async function fill(
  into: Filling,
  topic: Topic,
  entries: AsyncIterable<Entry> | Iterable<Entry>,
): Promise<number> {
  let count = 0;
  let batch: NewEntry[] = [];
  for await (const { key, value, timeMs } of entries) {
    batch.push({ key, value, firstTimeMs: timeMs });
    count += 1;
    if (batch.length < BATCH_MAX) continue;
    await into.append(topic, batch);
    batch = [];
  }
  if (batch.length > 0) await into.append(topic, batch);
  return count;
}

async function hashesOf(log: EventLog, ends: Offsets, generation: number): Promise<ContentHashes> {
  const world = createWorld();
  for await (const entry of readAll(log, EVENTS, {}, ends)) world.apply(loggedEvent(entry));
  if (generationOf(world) !== generation) throw berthError('BERTH_LOG_UNFINISHED', { generation });
  return contentHashes(world.aggregates());
}

function refuseDifferent(before: ContentHashes, after: ContentHashes): void {
  if (before.whole === after.whole) return;
  const keys = new Set([...before.aggregates.keys(), ...after.aggregates.keys()]);
  const aggregate = [...keys].find(
    (key) => before.aggregates.get(key) !== after.aggregates.get(key),
  );
  throw berthError('BERTH_COPY_DIFFERS', { aggregate: aggregate ?? 'one' });
}

async function refuseNonEmpty(target: EventLog, topic: Topic, place: string): Promise<void> {
  if (await isEmpty(target, topic)) return;
  throw berthError('BERTH_COPY_TARGET_NOT_EMPTY', { place, topic });
}

async function isEmpty(log: EventLog, topic: Topic): Promise<boolean> {
  return Object.values(await log.ends(topic)).every((end) => end === 0);
}

async function refuseGrownTarget(target: EventLog, ends: Offsets, place: string): Promise<void> {
  for (const [name, end] of Object.entries(await target.ends(EVENTS))) {
    const partition = Number(name);
    if (end === (ends[partition] ?? 0)) continue;
    throw berthError('BERTH_COPY_TARGET_GROWS', { place, topic: EVENTS, partition });
  }
}

async function refuseGrown(source: EventLog, seals: Offsets): Promise<void> {
  for (const [name, end] of Object.entries(await source.ends(EVENTS))) {
    const partition = Number(name);
    if (end !== (seals[partition] ?? 0) + 1) throw sourceGrows(EVENTS, partition, end);
  }
}
