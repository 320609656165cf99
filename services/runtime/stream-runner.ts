/**
 * Binds a stream function to the log: batches one after the other, each only when the one before
 * is done, and `caughtUp` once, as soon as everything that was there at the start was handled
 * (at once when that was nothing). Ends when its signal is aborted, or with what the handler threw.
 * A start beyond the end of the log is refused: its place was remembered from another log.
 * Where partitions are named, there are no others.
 */
import { berthError } from '../contract/errors.ts';
import type { Topic } from '../contract/topics.ts';
import type { Entry, EventLog, Offsets } from '../ports/event-log/port.ts';
import type { StreamHandler, StreamTrigger } from './define-function.ts';

export async function runStream(
  trigger: StreamTrigger,
  handler: StreamHandler,
  eventLog: EventLog,
  signal: AbortSignal,
  partitions?: readonly number[],
): Promise<void> {
  const from = await trigger.from();
  const ends = onlyOf(await eventLog.ends(trigger.topic), partitions);
  refuseBeyondEnd(trigger.topic, from, ends);
  const behind = partitionsBehind(from, ends);
  if (signal.aborted) return;
  let caughtUp = behind.size === 0;
  if (caughtUp) await handler.caughtUp(signal);
  for await (const entries of eventLog.read(trigger.topic, from, signal, partitions)) {
    await handler.batch(entries, signal);
    if (signal.aborted) return;
    if (caughtUp) continue;
    markRead(behind, entries);
    caughtUp = behind.size === 0;
    if (caughtUp) await handler.caughtUp(signal);
  }
}

/** Of these partitions; of all that there are, where none are named. */
export function onlyOf(offsets: Offsets, partitions: readonly number[] | undefined): Offsets {
  if (partitions === undefined) return offsets;
  return Object.fromEntries(partitions.map((partition) => [partition, offsets[partition] ?? 0]));
}

/** What comes next would stand at offsets that the reader takes for read, and would never hear. */
export function refuseBeyondEnd(topic: Topic, from: Offsets, ends: Offsets): void {
  for (const [name, offset] of Object.entries(from)) {
    const partition = Number(name);
    const end = ends[partition] ?? 0;
    if (offset <= end) continue;
    throw berthError('BERTH_RUNTIME_BEYOND_END', { topic, partition, from: offset, end });
  }
}

/** By partition with something to read: where the log ended at the start. */
function partitionsBehind(from: Offsets, ends: Offsets): Map<number, number> {
  const behind = new Map<number, number>();
  for (const [name, end] of Object.entries(ends)) {
    const partition = Number(name);
    if ((from[partition] ?? 0) < end) behind.set(partition, end);
  }
  return behind;
}

function markRead(behind: Map<number, number>, entries: readonly Entry[]): void {
  const last = entries.at(-1);
  if (last === undefined) return;
  if (last.offset + 1 >= (behind.get(last.partition) ?? 0)) behind.delete(last.partition);
}
