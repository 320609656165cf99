/**
 * How far each function of a process came, without a word of it to the functions: they are wrapped,
 * and what they handled is noted. Lag is computed from it (consumer-lag.ts).
 */
import type { Topic } from '../contract/topics.ts';
import type { Entry, Offsets } from '../ports/event-log/port.ts';
import type { BerthFunction, StreamHandler, StreamTrigger } from './define-function.ts';

export interface FunctionPlace {
  readonly name: string;
  readonly topic: Topic;
  /** The next offset to handle. A partition that was not begun, and has no mention, is at 0. */
  readonly next: Offsets;
}

export interface ConsumerProgress {
  /** To be hosted in place of those given. */
  readonly functions: readonly BerthFunction[];
  /** Of those that have begun to read. */
  places(): readonly FunctionPlace[];
}

export function followProgress(functions: readonly BerthFunction[]): ConsumerProgress {
  const places = new Map<string, { readonly topic: Topic; readonly next: Map<number, number> }>();

  function followStream(
    name: string,
    trigger: StreamTrigger,
    handler: StreamHandler,
  ): BerthFunction {
    const from = async (): Promise<Offsets> => {
      const begins = await trigger.from();
      const next = new Map(Object.entries(begins).map(([at, offset]) => [Number(at), offset]));
      places.set(name, { topic: trigger.topic, next });
      return begins;
    };
    const batch = async (entries: readonly Entry[], signal: AbortSignal): Promise<void> => {
      await handler.batch(entries, signal);
      const last = entries.at(-1);
      if (last !== undefined) places.get(name)?.next.set(last.partition, last.offset + 1);
    };
    const caughtUp = (signal: AbortSignal): Promise<void> => handler.caughtUp(signal);
    return { name, trigger: { ...trigger, from }, handler: { batch, caughtUp } };
  }

  return {
    functions: functions.map((definition) => {
      const { name, trigger } = definition;
      if (trigger.kind !== 'stream') return definition;
      const { handler } = definition as Extract<BerthFunction, { trigger: typeof trigger }>;
      return followStream(name, trigger, handler);
    }),
    places: () =>
      Array.from(places, ([name, { topic, next }]) => ({
        name,
        topic,
        next: Object.fromEntries(next),
      })),
  };
}
