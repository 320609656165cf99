/**
 * Reads a log pass by pass: each one as far as the events that were delivered ask for, the first
 * one to where the log ends. Between passes nothing is asked of the log.
 */
import { isBerthError } from '../../contract/errors.ts';
import type { Topic } from '../../contract/topics.ts';
import type { Entry, EventLog, Offsets } from '../../ports/event-log/port.ts';
import type { StreamHandler } from '../define-function.ts';
import { onlyOf, refuseBeyondEnd } from '../stream-runner.ts';
import type { DeliveredEvent } from './cloud-event.ts';

/** Who handles what is read, from there on. */
export interface OpenReader extends StreamHandler {
  readonly from: Offsets;
}

export interface PassReaderInit {
  readonly topic: Topic;
  /** @default all of the topic */
  readonly partitions?: readonly number[];
  /** Asked at the first delivery. */
  readonly open: (signal: AbortSignal) => Promise<OpenReader>;
}

export interface PassReader {
  /** Answers where the log ended when it was asked, or what it threw; throws what ends all. */
  readFor(events: readonly DeliveredEvent[], signal: AbortSignal): Promise<Attempted<Offsets>>;
  stop(): void;
}

export function passReader(
  { topic, partitions, open }: PassReaderInit,
  eventLog: EventLog,
): PassReader {
  const position = new Map<number, number>();
  let opened: OpenReader | null = null;
  let caughtUp = false;
  let reading: Reading | null = null;

  async function begin(ends: Offsets, signal: AbortSignal): Promise<OpenReader> {
    const reader = await open(signal);
    refuseBeyondEnd(topic, reader.from, ends);
    for (const [partition, offset] of pairs(reader.from)) position.set(partition, offset);
    return reader;
  }

  function startReading(signal: AbortSignal): Reading {
    const from = Object.fromEntries(position);
    const stopping = new AbortController();
    const both = AbortSignal.any([stopping.signal, signal]);
    const batches = eventLog.read(topic, from, both, partitions)[Symbol.asyncIterator]();
    return {
      next: async () => {
        const { done, value } = await batches.next();
        return done === true ? [] : value;
      },
      stop: () => stopping.abort(),
    };
  }

  function isBehind(wanted: ReadonlyMap<number, number>): boolean {
    return [...wanted].some(([partition, offset]) => (position.get(partition) ?? 0) < offset);
  }

  return {
    async readFor(events, signal) {
      const attempted = await attempt(() => eventLog.ends(topic));
      if ('error' in attempted) return attempted;
      const ends = onlyOf(attempted.value, partitions);
      opened ??= await begin(ends, signal);
      // The first pass is the catching up: to where the log ends now, whatever was delivered.
      const wanted = caughtUp ? targets(events, ends) : new Map(pairs(ends));
      while (!signal.aborted && isBehind(wanted)) {
        reading ??= startReading(signal);
        const next = await attempt(reading.next);
        if (signal.aborted) break;
        if ('error' in next) {
          reading.stop();
          reading = null;
          return next;
        }
        await opened.batch(next.value, signal);
        const last = next.value.at(-1);
        if (last !== undefined) position.set(last.partition, last.offset + 1);
      }
      if (!caughtUp && !signal.aborted) await opened.caughtUp(signal);
      caughtUp = true;
      return { value: ends };
    },
    stop: () => reading?.stop(),
  };
}

/** One read of the log, kept from pass to pass: nothing is asked of it but by `next`. */
interface Reading {
  next(): Promise<readonly Entry[]>;
  stop(): void;
}

type Attempted<T> = { readonly value: T } | { readonly error: unknown };

/** @throws what no later delivery could mend */
async function attempt<T>(call: () => Promise<T>): Promise<Attempted<T>> {
  try {
    return { value: await call() };
  } catch (error) {
    if (isBerthError(error) && error.retry !== 'backoff') throw error;
    return { error };
  }
}

function targets(events: readonly DeliveredEvent[], ends: Offsets): Map<number, number> {
  if (events.some(({ place }) => place === null)) return new Map(pairs(ends));
  const wanted = new Map<number, number>();
  for (const { place } of events) {
    if (place === null) continue;
    const { partition, offset } = place;
    const upTo = Math.min(offset + 1, ends[partition] ?? 0);
    wanted.set(partition, Math.max(wanted.get(partition) ?? 0, upTo));
  }
  return wanted;
}

function pairs(offsets: Offsets): [number, number][] {
  return Object.entries(offsets).map(([partition, offset]) => [Number(partition), offset]);
}
