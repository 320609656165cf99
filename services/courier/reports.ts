/** Who appended a report waits here until the fold has met it, and hears whether it was taken. */
import type { RecordId } from '../contract/records.ts';
import type { Clock } from '../runtime/clock.ts';

export interface Reports {
  /** Asked before the append. False: not taken, or not met in time. */
  folded(id: RecordId, signal: AbortSignal): Promise<boolean>;
  /** The fold has met a record. */
  met(id: RecordId, wasTaken: boolean): void;
}

/** The courier reads the log that it appends to: longer means that it does not read on. */
const FOLDED_WITHIN_MS = 10_000;

export function createReports(clock: Clock): Reports {
  const waiting = new Map<RecordId, (wasTaken: boolean) => void>();
  return {
    folded: async (id, signal) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const giveUp = (): void => resolve(false);
      const cancel = clock.after(FOLDED_WITHIN_MS, giveUp);
      signal.addEventListener('abort', giveUp, { once: true });
      waiting.set(id, resolve);
      try {
        return await promise;
      } finally {
        cancel();
        signal.removeEventListener('abort', giveUp);
        waiting.delete(id);
      }
    },
    met: (id, wasTaken) => waiting.get(id)?.(wasTaken),
  };
}
