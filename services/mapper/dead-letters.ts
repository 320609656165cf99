/**
 * What was refused in the history goes to `berth.dead-letters`, for people, by the mapper that owns
 * the partition. Beside the mapping: no berth waits for it. One that cannot be written stays where
 * it is, in the history, and is told.
 */
import { type DeadLetter, deadLetter, deadLetterKey } from '../contract/dead-letter.ts';
import { berthError } from '../contract/errors.ts';
import { TOPICS } from '../contract/topics.ts';
import type { Entry, EventLog } from '../ports/event-log/port.ts';
import { tell } from '../runtime/channels.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { wakeUp } from '../runtime/wake.ts';

export interface DeadLetters {
  /** Never waits. */
  add(entry: Entry): void;
  /** Writes them until its signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
}

const WAITING_MAX = 1_000;
const RETRY_MS = 1_000;

export function createDeadLetters(components: {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Log;
}): DeadLetters {
  const { eventLog, clock, log } = components;
  const waiting: DeadLetter[] = [];
  const wake = wakeUp();

  function add(entry: Entry): void {
    const { refused, partition, offset } = entry;
    if (refused === undefined) return;
    const { because, reason } = refused;
    const topic = TOPICS.events.name;
    const error = berthError('BERTH_LOG_FOREIGN', { topic, partition, offset, reason });
    log.error({ error, because }, 'a record was refused');
    tell('berth:mapper:record-refused', { because });
    if (waiting.length >= WAITING_MAX) {
      log.error({ partition, offset }, 'too many dead letters wait, this one stays where it is');
      return;
    }
    waiting.push(deadLetter(topic, entry, refused));
    wake.all();
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (waiting.length === 0) await wake.next(signal);
      const [letter] = waiting;
      if (signal.aborted || letter === undefined) continue;
      // One by one: a letter may have the size of the largest record that a broker takes.
      const entry = { key: deadLetterKey(letter), value: { ...letter } };
      try {
        await eventLog.append(TOPICS.deadLetters.name, [entry]);
        waiting.shift();
      } catch (error) {
        log.warn({ error }, 'a dead letter was not written, again soon');
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  return { add, run };
}
