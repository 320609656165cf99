/**
 * A log of which all that is read can be read: every record of every topic is judged where it is
 * read, before any fold (contract/frozen/), so by all readers alike. What all versions refuse, or a
 * ruling names, is given as a refused entry. A record of the history whose type is not known ends
 * the reader, behind the records before it: a newer version must take over.
 *
 * Adapters are wrapped in it where they are opened (services/cli/), and readers need not know.
 */
import { berthError } from '../contract/errors.ts';
import { judgeEvent } from '../contract/frozen/judge-event.ts';
import { ackRecord, nodeRecord, statusRecord } from '../contract/frozen/other-shapes.ts';
import type { EventRecord } from '../contract/records.ts';
import type { RefusedBecause } from '../contract/refusal.ts';
import type { Ruling } from '../contract/ruling.ts';
import { TOPICS, type Topic } from '../contract/topics.ts';
import type { Entry, EventLog } from '../ports/event-log/port.ts';

export interface ReadableLogInit {
  readonly rulings: readonly Ruling[];
}

/** The entry, refused where it is; or why no reader goes past it. */
type Judge = (entry: Entry) => Entry | Error;

export function readableLog(eventLog: EventLog, init: ReadableLogInit): EventLog {
  const judgeOfEvents = eventJudge(eventLog, init.rulings);
  const judgeOf = (topic: Topic): Judge => {
    switch (topic) {
      case 'berth.events':
        return judgeOfEvents;
      case 'berth.nodes':
        return (entry) => judged(entry, nodeRecord);
      case 'berth.acks':
        return (entry) => judged(entry, ackRecord);
      case 'berth.status':
        return (entry) => judged(entry, statusRecord);
      case 'berth.dead-letters':
        return (entry) => entry;
    }
  };
  return {
    ...eventLog,
    read: (topic, from, signal, partitions) =>
      readJudged(judgeOf(topic), eventLog.read(topic, from, signal, partitions)),
    latest: async (topic) => {
      const judge = judgeOf(topic);
      const all = [...(await eventLog.latest(topic))];
      return new Map(
        all.flatMap(([key, entry]) => {
          const read = judge(entry);
          return read instanceof Error || read.refused !== undefined ? [] : [[key, read]];
        }),
      );
    },
  };
}

async function* readJudged(
  judge: Judge,
  batches: AsyncIterable<readonly Entry[]>,
): AsyncGenerator<readonly Entry[], void, void> {
  for await (const batch of batches) {
    const read: Entry[] = [];
    for (const entry of batch) {
      const found = judge(entry);
      if (found instanceof Error) {
        if (read.length > 0) yield read;
        throw found;
      }
      read.push(found);
    }
    yield read;
  }
}

function unknownType({ partition, offset, value }: Entry): Error {
  const { id, aggregate, body } = value as unknown as EventRecord;
  const { type } = body;
  const details = { partition, offset, id, aggregate, type };
  return berthError('BERTH_FOLD_UNKNOWN_TYPE', details);
}

function eventJudge(eventLog: EventLog, rulings: readonly Ruling[]): Judge {
  const { name } = TOPICS.events;
  const ruled = new Map(rulings.map((ruling) => [`${ruling.partition}/${ruling.offset}`, ruling]));
  return (entry) => {
    const ruling = ruled.get(`${entry.partition}/${entry.offset}`);
    if (ruling !== undefined) return passedOver(entry, ruling);
    if (entry.refused !== undefined) return entry;
    const verdict = judgeEvent(entry, eventLog.partitionCount(name));
    if (verdict.kind === 'event') return entry;
    if (verdict.kind === 'unknown-type') return unknownType(entry);
    return refused(entry, verdict.because, verdict.reason);
  };
}

function passedOver(entry: Entry, { topic, partition, offset, id: want }: Ruling): Entry | Error {
  const have = String(entry.value['id'] ?? 'none');
  if (have === want) return refused(entry, 'ruling', 'a ruling says so');
  return berthError('BERTH_LOG_RULING_DIFFERS', { topic, partition, offset, have, want });
}

function judged(entry: Entry, shape: (value: unknown) => string | null): Entry {
  const wrong = entry.refused === undefined ? shape(entry.value) : null;
  return wrong === null ? entry : refused(entry, 'body', wrong.trim());
}

function refused(entry: Entry, because: RefusedBecause, reason: string): Entry {
  return { ...entry, refused: { because, reason: reason.trim() } };
}
