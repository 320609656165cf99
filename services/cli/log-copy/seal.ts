/**
 * Ends a log, so that nobody goes on from it: every reader stops at a seal. All partitions are
 * sealed with nothing appended meanwhile to any of them, or it is done again behind what was: then
 * what one aggregate has heard of another is on the same side of the seals. Whoever still runs
 * stops at the first seal, so a second or third round finds nobody.
 */
import { generationOf, isWholeLog } from '../../aggregates/log/whole.ts';
import { createWorld, type World } from '../../aggregates/world.ts';
import { berthError } from '../../contract/errors.ts';
import { loggedEvent } from '../../contract/logged-event.ts';
import { logKey } from '../../contract/partition.ts';
import { eventRecord, type LogSealed } from '../../contract/records.ts';
import { TOPICS } from '../../contract/topics.ts';
import type { EventLog, Offsets } from '../../ports/event-log/port.ts';
import { readAll } from './log-reading.ts';

export interface SealedLog {
  /** All of it up to the seals, folded. */
  readonly world: World;
  /** The seals' offsets: what is to be copied lies below. */
  readonly ends: Offsets;
  /** Of the log that goes on. */
  readonly generation: number;
}

const ROUNDS_MAX = 5;
const EVENTS = TOPICS.events.name;

/**
 * `to`: where it goes on, for people.
 * @throws BERTH_COPY_CUT_SOURCE, BERTH_COPY_SOURCE_GROWS, BERTH_LOG_UNFINISHED, and as the fold
 */
export async function sealLog(log: EventLog, to: string): Promise<SealedLog> {
  await refuseCut(log);
  const world = createWorld();
  let read: Offsets = {};
  let generation = 1;
  for (let round = 0; ; round++) {
    const ends = await log.ends(EVENTS);
    for await (const entry of readAll(log, EVENTS, read, ends)) {
      const event = loggedEvent(entry);
      const body = event.record?.body;
      // Of a move that was given up.
      const seal = body?.type === 'LogSealed' ? body : null;
      if (seal === null) world.apply(event);
      else generation = Math.max(generation, seal.generation + 1);
    }
    read = ends;
    generation = Math.max(generation, generationOf(world) + 1);
    if (!isWholeLog(world)) {
      throw berthError('BERTH_LOG_UNFINISHED', { generation: generationOf(world) });
    }
    const grown = await putSeals(log, ends, { type: 'LogSealed', generation, to });
    if (grown === null) return { world, ends, generation };
    if (round >= ROUNDS_MAX) throw grown;
  }
}

/** Null where every seal stands at the end that was read. */
async function putSeals(log: EventLog, ends: Offsets, seal: LogSealed): Promise<Error | null> {
  const count = log.partitionCount(EVENTS);
  const entries = Array.from({ length: count }, (_, partition) => {
    const key = logKey(partition, count);
    return { key, value: { ...eventRecord(key, seal) } };
  });
  for (const { partition, offset } of await log.append(EVENTS, entries)) {
    if (offset !== ends[partition]) return sourceGrows(EVENTS, partition, offset);
  }
  return null;
}

export function sourceGrows(topic: string, partition: number, end: number): Error {
  return berthError('BERTH_COPY_SOURCE_GROWS', { topic, partition, end });
}

async function refuseCut(log: EventLog): Promise<void> {
  for (const [partition, start] of Object.entries(await log.starts(EVENTS))) {
    if (start > 0) throw berthError('BERTH_COPY_CUT_SOURCE', { partition, start });
  }
}
