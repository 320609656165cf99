/**
 * How far each function of a process came, without a word of it to the functions: they are wrapped,
 * and what they handled is noted. Lag is computed from it (consumer-lag.ts).
 */
import type { Topic } from '../contract/topics.ts';
import type { Offsets } from '../ports/event-log/port.ts';
import type { BerthFunction, PartitionsHandler, StreamHandler } from './define-function.ts';

export interface FunctionPlace {
  readonly name: string;
  readonly topic: Topic;
  /** Those that it reads; null: all. */
  readonly partitions: readonly number[] | null;
  /** The next offset to handle, by partition. */
  readonly next: Offsets;
}

export interface ConsumerProgress {
  /** To be hosted in place of those given. */
  readonly functions: readonly BerthFunction[];
  /** Of those that have begun to read. */
  places(): readonly FunctionPlace[];
}

export function followProgress(functions: readonly BerthFunction[]): ConsumerProgress {
  const places: (() => FunctionPlace)[] = [];

  function followed(definition: BerthFunction): BerthFunction {
    const { name, trigger, handler } = definition;
    const next = new Map<number, number>();
    if (trigger.kind === 'stream') {
      const { topic } = trigger;
      const from = async (): Promise<Offsets> => {
        const begins = await trigger.from();
        for (const [at, offset] of Object.entries(begins)) next.set(Number(at), offset);
        places.push(() => ({ name, topic, partitions: null, next: Object.fromEntries(next) }));
        return begins;
      };
      const noted = noting(handler as StreamHandler, next);
      return { name, trigger: { ...trigger, from }, handler: noted };
    }
    if (trigger.kind !== 'partitions') return definition;
    const { topic } = trigger;
    places.push(() => {
      return { name, topic, partitions: [...next.keys()], next: Object.fromEntries(next) };
    });
    const noted = notingPartitions(handler as PartitionsHandler, next);
    return { name, trigger, handler: noted };
  }

  return {
    functions: functions.map(followed),
    places: () => places.map((place) => place()),
  };
}

function noting(handler: StreamHandler, next: Map<number, number>): StreamHandler {
  return {
    async batch(entries, signal) {
      await handler.batch(entries, signal);
      const last = entries.at(-1);
      if (last !== undefined && !signal.aborted) next.set(last.partition, last.offset + 1);
    },
    caughtUp: (signal) => handler.caughtUp(signal),
  };
}

function notingPartitions(
  handler: PartitionsHandler,
  next: Map<number, number>,
): PartitionsHandler {
  return {
    assigned: (partitions) => handler.assigned(partitions),
    async take(partition, signal) {
      const reader = await handler.take(partition, signal);
      if (signal.aborted) return reader;
      next.set(partition, reader.from);
      signal.addEventListener('abort', () => next.delete(partition));
      return { ...noting(reader, next), from: reader.from };
    },
  };
}
