/** Where the history ends now, as the version of one who has read all of it; asked until known. */
import { TOPICS } from '../contract/topics.ts';
import type { Version } from '../contract/version.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';

const RETRY_MS = 100;

export function createEventsEnd(components: {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Log;
}): (signal: AbortSignal) => Promise<Version> {
  const { eventLog, clock, log } = components;
  return async (signal) => {
    for (;;) {
      try {
        const ends = Object.entries(await eventLog.ends(TOPICS.events.name));
        return Object.fromEntries(
          ends.flatMap(([partition, end]) => (end > 0 ? [[partition, end - 1]] : [])),
        );
      } catch (error) {
        if (signal.aborted) throw error;
        log.warn({ error }, 'the end of the log is not known, asking again');
        await clock.sleep(RETRY_MS, signal);
      }
    }
  };
}
