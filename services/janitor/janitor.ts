/**
 * The janitor: knows which records of the history nobody needs to start from any more, because
 * checkpoints cover them, and which an archive has. Only what both say may go. There is no archive
 * yet, so it deletes nothing: it says so once, and tells how many records it keeps for that reason.
 */
import { TOPICS } from '../contract/topics.ts';
import type { Checkpoints } from '../ports/checkpoints/port.ts';
import type { EventLog } from '../ports/event-log/port.ts';
import type { Clock } from '../runtime/clock.ts';
import { type BerthFunction, defineFunction, service } from '../runtime/define-function.ts';
import type { Log } from '../runtime/log.ts';

export interface JanitorInit {
  /** How often it looks; on Kafka it reads all checkpoints for that. @default 600_000 */
  readonly everyMs?: number;
}

export interface JanitorComponents {
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly clock: Clock;
  readonly log: Log;
}

export interface Covered {
  readonly partition: number;
  /** Records that are there although checkpoints cover them. */
  readonly records: number;
}

export interface Janitor {
  readonly functions: readonly BerthFunction[];
  /** As it found them last; none before its first look. */
  covered(): readonly Covered[];
}

const EVERY_MS = 600_000;

export function createJanitor(
  { everyMs = EVERY_MS }: JanitorInit,
  { eventLog, checkpoints, clock, log }: JanitorComponents,
): Janitor {
  const topic = TOPICS.events.name;
  let found: readonly Covered[] = [];

  async function look(): Promise<void> {
    const starts = await eventLog.starts(topic);
    const version = await checkpoints.version();
    found = Array.from({ length: eventLog.partitionCount(topic) }, (_, partition) => {
      const next = (version[partition] ?? -1) + 1;
      return { partition, records: Math.max(0, next - (starts[partition] ?? 0)) };
    });
  }

  async function run(signal: AbortSignal): Promise<void> {
    log.info({ topic }, 'janitor deletes nothing: no archive has the records that it could delete');
    while (!signal.aborted) {
      try {
        await look();
      } catch (error) {
        if (!signal.aborted) log.warn({ error }, 'janitor could not look, again later');
      }
      await clock.sleep(everyMs, signal);
    }
  }

  return {
    functions: [defineFunction({ name: 'janitor', trigger: service(), handler: run })],
    covered: () => found,
  };
}
