/**
 * Which of several watchers watches: the one to whom their group gave the first partition of
 * `berth.events`; the others stand by, with the log read. It is for calm alone. Two that believe
 * that they have the lead do no harm, since only the last opened term counts.
 */
import { TOPICS } from '../contract/topics.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import { wakeUp } from '../runtime/wake.ts';

export interface Lead {
  /** Follows the group until its signal is aborted, and leaves it. */
  run(stop: AbortSignal): Promise<void>;
  isHere(): boolean;
  /** Waits until the lead is here; the answer is aborted when it went. Null: stopped before. */
  taken(stop: AbortSignal): Promise<AbortSignal | null>;
}

const GROUP = 'watcher';
const FIRST = 0;

export function createLead({ eventLog }: { readonly eventLog: EventLog }): Lead {
  let here: AbortController | null = null;
  const changed = wakeUp();

  return {
    isHere: () => here !== null,
    run: async (stop) => {
      for await (const partitions of eventLog.join(GROUP, TOPICS.events.name, stop)) {
        if (!partitions.includes(FIRST)) {
          here?.abort();
          here = null;
        } else here ??= new AbortController();
        changed.all();
      }
    },
    taken: async (stop) => {
      while (!stop.aborted) {
        if (here !== null) return here.signal;
        await changed.next(stop);
      }
      return null;
    },
  };
}
