/**
 * The log as an EventLog port, in memory: all topics, partitions, compacted view, cursors. What a
 * process asked for happens although it died meanwhile, since the request was under way; the
 * answer reaches the living only. Appends fail, happen twice or late as the faults say. Values
 * are frozen copies, as if they had been on a disk.
 */
import { canonicalJson } from '../../../services/contract/canonical.ts';
import { berthError } from '../../../services/contract/errors.ts';
import { judgeEvent } from '../../../services/contract/frozen/judge-event.ts';
import { loggedEvent } from '../../../services/contract/logged-event.ts';
import { partitionOf } from '../../../services/contract/partition.ts';
import type { LoggedEvent } from '../../../services/contract/records.ts';
import { TOPICS, type Topic } from '../../../services/contract/topics.ts';
import type { Entry, EventLog, NewEntry, Offsets } from '../../../services/ports/event-log/port.ts';
import { endLife, type Life, newLife } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';
import { simulatedGroups } from './groups.ts';

export interface SimulatedEventLog {
  /** As one incarnation of a process sees it. */
  client(life: Life): EventLog;
  /** The history so far, in the order of writing. */
  readonly events: readonly LoggedEvent[];
  latest(topic: Topic): ReadonlyMap<string, Entry>;
  /** Added to the time of what is appended. */
  clockOffsetMs: number;
}

const READ_BATCH_MAX = 12;
const LATE_MS = 30_000;

type Partitions = readonly Entry[][];
type Fate = 'done' | 'lost' | 'unknown' | 'late' | 'partly' | 'twice';

/** `onEvent` is shown each record of the history when it is written. */
export function simulatedEventLog(
  surroundings: Surroundings,
  partitionCount: number,
  onEvent: (event: LoggedEvent) => void,
): SimulatedEventLog {
  const all = Array.from({ length: partitionCount }, (_, partition) => partition);
  const { scheduler, dice } = surroundings;
  const broker = newLife('log');
  const groups = simulatedGroups(surroundings, all);
  const events: LoggedEvent[] = [];
  const topics = new Map<Topic, Partitions>();
  const latest = new Map<Topic, Map<string, Entry>>();
  const cursors = new Map<string, Offsets>();
  const waiting = new Set<() => void>();
  for (const { name } of Object.values(TOPICS)) {
    topics.set(
      name,
      all.map(() => []),
    );
    latest.set(name, new Map());
  }
  const partitionsOf = (topic: Topic): Partitions => topics.get(topic) ?? [];

  function write(topic: Topic, entries: readonly NewEntry[]): Entry[] {
    const written = entries.map(({ key, value, firstTimeMs }) => {
      const partition = partitionOf(key, partitionCount);
      const list = partitionsOf(topic)[partition] as Entry[];
      const timeMs = firstTimeMs ?? Math.floor(scheduler.nowMs + log.clockOffsetMs);
      const entry = { key, value: frozenCopy(value), partition, offset: list.length, timeMs };
      list.push(entry);
      latest.get(topic)?.set(key, entry);
      return entry;
    });
    if (topic === TOPICS.events.name) {
      for (const entry of written) {
        // Whatever is written, by whoever, all readers must be able to read for ever.
        const verdict = judgeEvent(entry, partitionCount);
        if (verdict.kind !== 'event') throw new Error(JSON.stringify({ verdict, entry }));
        const event = loggedEvent(entry);
        if (event.record === null) continue;
        events.push(event);
        onEvent(event);
      }
    }
    for (const wake of waiting) wake();
    return written;
  }

  function append(life: Life, topic: Topic, entries: readonly NewEntry[]): Promise<Entry[]> {
    return new Promise((resolve, reject) => {
      if (!life.alive) return;
      const answer = (say: () => void): void => {
        scheduler.later(life, dice.delayMs(), say);
      };
      const refuse = (): void => reject(berthError('BERTH_LOG_WRITE', { reason: 'simulated' }));
      const any = fateOf(surroundings);
      // Node records have no terms: a late one would be believed (decision 34).
      const fate = any === 'late' && topic === TOPICS.nodes.name ? 'lost' : any;
      // As they are now: whoever appends may go on with what it passed.
      const copies = entries.map((entry) => ({ ...entry, value: frozenCopy(entry.value) }));
      scheduler.later(broker, dice.delayMs(), () => {
        if (fate === 'lost') return answer(refuse);
        if (fate === 'late') {
          scheduler.later(broker, dice.next() * LATE_MS, () => write(topic, copies));
          return answer(refuse);
        }
        if (fate === 'partly') {
          const able = dice.below(partitionCount);
          write(
            topic,
            copies.filter(({ key }) => partitionOf(key, partitionCount) !== able),
          );
          return answer(refuse);
        }
        const written = write(topic, copies);
        if (dice.chance(surroundings.faults.appenderDies)) {
          surroundings.history.tell(life.name, 'dies of what it appended');
          endLife(life);
          return;
        }
        if (fate === 'twice') write(topic, copies);
        answer(fate === 'unknown' ? refuse : () => resolve(written));
      });
    });
  }

  function news(life: Life, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        waiting.delete(wake);
        signal.removeEventListener('abort', done);
        scheduler.later(life, dice.delayMs(), resolve);
      };
      const done = (): void => {
        waiting.delete(wake);
        resolve();
      };
      waiting.add(wake);
      signal.addEventListener('abort', done, { once: true });
    });
  }

  function lag(life: Life): Promise<void> {
    return new Promise((resolve) => {
      scheduler.later(life, life.lagsUntilMs - scheduler.nowMs, resolve);
    });
  }

  function nextBatch(
    topic: Topic,
    next: Record<number, number>,
    partitions: readonly number[],
  ): readonly Entry[] | null {
    const behind = partitions.filter(
      (each) => (next[each] ?? 0) < (partitionsOf(topic)[each] ?? []).length,
    );
    if (behind.length === 0) return null;
    const partition = dice.pick(behind);
    const from = next[partition] ?? 0;
    const entries = (partitionsOf(topic)[partition] ?? []).slice(
      from,
      from + dice.between(1, READ_BATCH_MAX),
    );
    next[partition] = from + entries.length;
    return entries;
  }

  async function* read(
    life: Life,
    topic: Topic,
    from: Offsets,
    signal: AbortSignal,
    partitions: readonly number[],
  ) {
    const next: Record<number, number> = { ...from };
    while (!signal.aborted) {
      if (life.lagsUntilMs > scheduler.nowMs) await lag(life);
      const batch = nextBatch(topic, next, partitions);
      if (batch === null) await news(life, signal);
      else yield batch;
    }
  }

  /** What the broker says, after the way there and back. */
  function ask<T>(life: Life, answer: () => T): Promise<T> {
    return new Promise((resolve) => {
      scheduler.later(life, dice.delayMs(), () => {
        const said = answer();
        scheduler.later(life, dice.delayMs(), () => resolve(said));
      });
    });
  }

  const log: SimulatedEventLog = {
    events,
    clockOffsetMs: 0,
    latest: (topic) => latest.get(topic) ?? new Map(),
    client: (life) => ({
      // Nothing that runs in the simulation depends on it.
      kind: 'lmdb',
      partitionCount: () => partitionCount,
      append: (topic, entries) => append(life, topic, entries),
      read: (topic, from, signal, partitions = all) => read(life, topic, from, signal, partitions),
      // Nothing is deleted here.
      starts: (topic) => ask(life, () => endsOf(partitionsOf(topic).map(() => []))),
      join: (group, _topic, signal) => groups.join(life, group, signal),
      ends: (topic) => ask(life, () => endsOf(partitionsOf(topic))),
      latest: (topic) => ask(life, () => new Map(latest.get(topic))),
      commit: (cursor, topic, offsets) =>
        ask(life, () => {
          cursors.set(`${cursor} ${topic}`, offsets);
        }),
      committed: (cursor, topic) => ask(life, () => cursors.get(`${cursor} ${topic}`) ?? {}),
      close: async () => undefined,
    }),
  };
  return log;
}

function fateOf({ dice, faults }: Surroundings): Fate {
  const { appendLost, appendUnknown, appendLate, appendPartly, appendTwice } = faults;
  if (dice.chance(appendLost)) return 'lost';
  if (dice.chance(appendUnknown)) return 'unknown';
  if (dice.chance(appendLate)) return 'late';
  if (dice.chance(appendPartly)) return 'partly';
  return dice.chance(appendTwice) ? 'twice' : 'done';
}

function endsOf(partitions: Partitions): Offsets {
  return Object.fromEntries(partitions.map((list, partition) => [partition, list.length]));
}

function frozenCopy(value: NewEntry['value']): NewEntry['value'] {
  return JSON.parse(canonicalJson(value), (_, field) => Object.freeze(field));
}
