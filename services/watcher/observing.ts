/**
 * One term of the watcher: opens it wherever it writes, and turns what the source says into
 * appended observations. Appends are in order and repeated with the same bytes until their fate is
 * known.
 */
import { isBerthError } from '../contract/errors.ts';
import type { AggregateKey } from '../contract/identity.ts';
import { type NodeFromApi, nodeApiKey } from '../contract/node-records.ts';
import type { NodeFacts } from '../contract/objects.ts';
import type { EventRecord } from '../contract/records.ts';
import { TOPICS, type Topic } from '../contract/topics.ts';
import type { EventLog, NewEntry } from '../ports/event-log/port.ts';
import { keyOf } from '../ports/source/object-key.ts';
import type { Problem, SourceEvent } from '../ports/source/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { aggregateOf, type Change, createDifference } from './difference.ts';
import type { LogReader } from './log-reader.ts';
import type { Term } from './term.ts';

export interface ObservingComponents {
  readonly eventLog: EventLog;
  readonly reader: LogReader;
  readonly clock: Clock;
  readonly log: Log;
  readonly onProblem: (problem: Problem) => void;
}

export interface Observing {
  /** Opens the term in every aggregate that the fold has; the source may list now. */
  begin(): Promise<void>;
  /** Records what these events change, in order. */
  record(events: readonly SourceEvent[]): Promise<void>;
}

/** Entries of one append. */
const APPEND_MAX = 500;
const APPEND_RETRY_MS = 100;

export function createObserving(
  term: Term,
  components: ObservingComponents,
  stop: AbortSignal,
): Observing {
  const { eventLog, reader, clock, log, onProblem } = components;
  const difference = createDifference();

  async function append(topic: Topic, entries: readonly NewEntry[]): Promise<void> {
    for (let from = 0; from < entries.length; from += APPEND_MAX) {
      const part = entries.slice(from, from + APPEND_MAX);
      while (!stop.aborted && !(await isAppended(topic, part))) {
        await clock.sleep(APPEND_RETRY_MS, stop);
      }
    }
  }

  /** False: it is not known whether they are there. @throws what no repeating would mend */
  async function isAppended(topic: Topic, entries: readonly NewEntry[]): Promise<boolean> {
    try {
      await eventLog.append(topic, entries);
      return true;
    } catch (error) {
      if (isBerthError(error) && error.retry === 'never') throw error;
      log.warn({ error }, 'append failed, repeating it');
      return false;
    }
  }

  async function open(aggregates: readonly AggregateKey[]): Promise<void> {
    if (aggregates.length === 0) return;
    await append(TOPICS.events.name, aggregates.map(term.opening).map(eventEntry));
    await reader.until(() => stop.aborted || term.isLost() || aggregates.every(term.isOpen));
    for (const key of aggregates) {
      const state = reader.world.aggregate(key);
      if (state !== undefined) difference.begin(state);
    }
  }

  function notOpen(): AggregateKey[] {
    // What a log says of itself no watcher sees.
    const seen = [...reader.world.aggregates()].filter(({ kind }) => kind !== 'log');
    const keys = seen.map(({ key }) => key);
    return keys.filter((key) => !term.isOpen(key));
  }

  async function recordedNodes(): Promise<readonly NodeFacts[]> {
    const latest = await eventLog.latest(TOPICS.nodes.name);
    return [...latest].flatMap(([key, { value }]) => {
      const record = value as unknown as NodeFromApi;
      return key === nodeApiKey(record.node) && record.facts !== null ? [record.facts] : [];
    });
  }

  function changesOf(event: SourceEvent): readonly Change[] {
    switch (event.type) {
      case 'present':
        return asList(difference.present(event.object));
      case 'gone':
        return asList(difference.gone(event.key));
      case 'listed':
        if (!event.complete) log.warn({}, 'the list is incomplete: nothing is taken away for it');
        return difference.listed(event.complete);
      case 'problem':
        onProblem(event.problem);
        return [];
      case 'relisting':
        return [];
    }
  }

  return {
    async begin() {
      let nodes: readonly NodeFacts[];
      do {
        await open(notOpen());
        nodes = await recordedNodes();
        // Meanwhile another watcher may have written to an aggregate that nobody had.
      } while (notOpen().length > 0 && !stop.aborted && !term.isLost());
      difference.beginNodes(nodes);
      term.listing();
    },
    async record(events) {
      await open([...new Set(events.flatMap(aggregateBegun))].filter((key) => !term.isOpen(key)));
      if (stop.aborted || term.isLost()) return;
      const changes = events.flatMap(changesOf);
      const nodes = changes.flatMap((change) => (change.to === 'nodes' ? [change.record] : []));
      await append(TOPICS.nodes.name, nodes.map(nodeEntry));
      const records = changes.flatMap((change) =>
        change.to === 'events' ? [term.observation(change.aggregate, change.body)] : [],
      );
      await append(TOPICS.events.name, records.map(eventEntry));
    },
  };
}

/** What goes needs no term of its own: where none is open, nothing of it is known. */
function aggregateBegun(event: SourceEvent): readonly AggregateKey[] {
  return event.type === 'present' ? asList(aggregateOf(keyOf(event.object))) : [];
}

function asList<T>(value: T | null): readonly T[] {
  return value === null ? [] : [value];
}

function eventEntry(record: EventRecord): NewEntry {
  return { key: record.aggregate, value: { ...record } };
}

function nodeEntry(record: NodeFromApi): NewEntry {
  return { key: nodeApiKey(record.node), value: { ...record } };
}
