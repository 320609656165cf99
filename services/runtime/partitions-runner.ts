/**
 * Binds a function to the partitions that are its process's: each is read by itself from where its
 * reader says, as a stream is (stream-runner.ts), from when the group gives it until it takes it
 * away. Then its signal is aborted and it is forgotten at once; a batch that is being handled may
 * end in its own time, while another process, or this one again, reads the partition already.
 * A reader that fails is made anew where its error says that time or fresh state may cure that (a
 * broker is away, the place where it was is gone): any other ends the function.
 * How far each came is committed under the group's name: a hint, for lag.
 */
import { isBerthError } from '../contract/errors.ts';
import {
  type PartitionReader,
  type PartitionsHandler,
  type PartitionsTrigger,
  stream,
} from './define-function.ts';
import { createGroupProgress, type GroupProgressComponents } from './group-progress.ts';
import { runStream } from './stream-runner.ts';

const PAUSE_MS = 1000;
const PAUSE_MAX_MS = 30_000;
/** Fresh state that is fetched so often without getting anywhere cures nothing. */
const REFETCHES_MAX = 3;

/** Ends when its signal is aborted, or with what a reader or the group threw. */
export async function runPartitions(
  trigger: PartitionsTrigger,
  handler: PartitionsHandler,
  components: GroupProgressComponents,
  signal: AbortSignal,
): Promise<void> {
  const { eventLog, clock, log } = components;
  const { topic, group } = trigger;
  const ending = new AbortController();
  const stop = AbortSignal.any([signal, ending.signal]);
  const progress = createGroupProgress(trigger, components);
  const { promise: failed, reject: fail } = Promise.withResolvers<never>();
  failed.catch(() => undefined);
  /** By partition that is ours: how it is taken away. */
  const ours = new Map<number, AbortController>();
  const running = new Set<Promise<void>>();

  function take(partition: number): void {
    const taken = new AbortController();
    ours.set(partition, taken);
    const until = AbortSignal.any([stop, taken.signal]);
    const ended = keepReading(partition, until)
      .catch((error: unknown) => {
        if (until.aborted) log.warn({ group, partition, error }, 'reader failed after its end');
        else giveUp(partition, error);
      })
      .finally(() => running.delete(ended));
    running.add(ended);
  }

  async function keepReading(partition: number, until: AbortSignal): Promise<void> {
    for (let failures = 0; !until.aborted; ) {
      const onHandled = (): void => {
        failures = 0;
      };
      try {
        return await read(partition, until, onHandled);
      } catch (error) {
        failures += 1;
        if (until.aborted || !mayBeCured(error, failures)) throw error;
        log.warn({ group, partition, error }, 'reader of a partition failed, begins anew');
        await clock.sleep(Math.min(PAUSE_MS * 2 ** (failures - 1), PAUSE_MAX_MS), until);
      }
    }
  }

  async function read(partition: number, until: AbortSignal, onHandled: () => void): Promise<void> {
    const reader = await handler.take(partition, until);
    if (until.aborted) return;
    const from = async () => ({ [partition]: reader.from });
    const noted = noting(reader, (next) => {
      onHandled();
      if (!until.aborted) progress.handled(partition, next);
    });
    await runStream(stream(topic, from), noted, eventLog, until, [partition]);
  }

  /** A reader that cannot go on ends all: the process leaves the group, and another may. */
  function giveUp(partition: number, error: unknown): void {
    log.error({ group, partition, error }, 'reader of a partition failed');
    fail(error);
  }

  async function follow(): Promise<void> {
    for await (const partitions of eventLog.join(group, topic, stop)) {
      for (const [partition, taken] of ours) {
        if (partitions.includes(partition)) continue;
        ours.delete(partition);
        progress.forget(partition);
        taken.abort();
      }
      handler.assigned(partitions);
      for (const partition of partitions) if (!ours.has(partition)) take(partition);
    }
  }

  try {
    await Promise.race([follow(), failed]);
  } finally {
    ending.abort();
    await Promise.allSettled(running);
    await progress.stop();
  }
}

/** `failures`: one after the other, this one too. */
function mayBeCured(error: unknown, failures: number): boolean {
  if (!isBerthError(error)) return false;
  return error.retry === 'backoff' || (error.retry === 'refetch' && failures <= REFETCHES_MAX);
}

/** Where it began counts once it has caught up: a group that has read everything is not behind. */
export function noting(reader: PartitionReader, handled: (next: number) => void): PartitionReader {
  let next = reader.from;
  return {
    from: reader.from,
    batch: async (entries, signal) => {
      await reader.batch(entries, signal);
      const last = entries.at(-1);
      if (last === undefined) return;
      next = last.offset + 1;
      handled(next);
    },
    caughtUp: async (signal) => {
      await reader.caughtUp(signal);
      handled(next);
    },
  };
}
