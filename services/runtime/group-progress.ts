/**
 * How far the function of a group came, committed under the name of the group: a hint for the tools
 * of Kafka and for who scales by lag. Nothing rests on it: a commit that fails is told to nobody.
 */
import type { EventLog } from '../ports/event-log/port.ts';
import type { Clock } from './clock.ts';
import type { PartitionsTrigger } from './define-function.ts';
import type { Log } from './log.ts';

export interface GroupProgressComponents {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Log;
}

const COMMIT_EVERY_MS = 1000;

export interface GroupProgress {
  handled(partition: number, next: number): void;
  forget(partition: number): void;
  /** Commits what is left, once: who scales to zero by lag must find none. Never throws. */
  stop(): Promise<void>;
}

/** Commits now and then, one after the other; what could not be committed comes with the next. */
export function createGroupProgress(
  { group, topic }: PartitionsTrigger,
  { eventLog, clock, log }: GroupProgressComponents,
): GroupProgress {
  const ours = new Set<number>();
  const uncommitted = new Map<number, number>();
  let committing = Promise.resolve();
  let isCommitting = false;
  let isStopped = false;
  let cancel: (() => void) | null = null;

  function schedule(): void {
    if (isCommitting || isStopped || uncommitted.size === 0) return;
    cancel ??= clock.after(COMMIT_EVERY_MS, () => {
      committing = commit();
    });
  }

  async function commit(): Promise<void> {
    cancel = null;
    isCommitting = true;
    const offsets = Object.fromEntries(uncommitted);
    const taken = [...uncommitted];
    uncommitted.clear();
    try {
      await eventLog.commit(group, topic, offsets);
    } catch (error) {
      log.debug({ group, error }, 'offsets were not committed');
      for (const [partition, next] of taken) {
        const isNewest = ours.has(partition) && !uncommitted.has(partition);
        if (isNewest) uncommitted.set(partition, next);
      }
    }
    isCommitting = false;
    schedule();
  }

  return {
    handled(partition, next) {
      ours.add(partition);
      uncommitted.set(partition, next);
      schedule();
    },
    forget: (partition) => {
      ours.delete(partition);
      uncommitted.delete(partition);
    },
    async stop() {
      isStopped = true;
      cancel?.();
      await committing;
      if (uncommitted.size > 0) await commit();
    },
  };
}
