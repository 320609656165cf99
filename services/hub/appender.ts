/**
 * Appends what the hub has to say, in the order in which it was given, batched by what has
 * arrived. An append whose fate is unknown is repeated with the same bytes until it is done.
 * Acks are for people, so the oldest make room when the log takes nothing for long; observations
 * and node records are never left out, and are bounded by what they are about.
 */
import { TOPICS, type Topic } from '../contract/topics.ts';
import type { EventLog, NewEntry } from '../ports/event-log/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { wakeUp } from '../runtime/wake.ts';

export interface AppenderComponents {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Appender {
  add(topic: Topic, entry: NewEntry): void;
  /** Until the signal is aborted; what is left then is found out anew by the next hub. */
  run(signal: AbortSignal): Promise<void>;
}

const ACKS_WAITING_MAX = 100_000;
const BATCH_MAX = 1_000;
const RETRY_MS = 100;

export function createAppender({ eventLog, clock, log }: AppenderComponents): Appender {
  const waiting = new Map<Topic, NewEntry[]>();
  const wake = wakeUp();

  async function append(topic: Topic, entries: readonly NewEntry[], signal: AbortSignal) {
    while (!signal.aborted) {
      try {
        await eventLog.append(topic, entries);
        return;
      } catch (error) {
        log.warn({ error, topic }, 'append failed, repeating it');
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  const isEmpty = (): boolean => [...waiting.values()].every(({ length }) => length === 0);

  return {
    add: (topic, entry) => {
      const entries = waiting.get(topic) ?? [];
      waiting.set(topic, entries);
      if (topic === TOPICS.acks.name && entries.length >= ACKS_WAITING_MAX) entries.shift();
      entries.push(entry);
      wake.all();
    },
    run: async (signal) => {
      while (!signal.aborted) {
        if (isEmpty()) await wake.next(signal);
        for (const [topic, entries] of waiting) {
          while (entries.length > 0 && !signal.aborted) {
            await append(topic, entries.splice(0, BATCH_MAX), signal);
          }
        }
      }
    },
  };
}
