/** An entry of `berth.events` as the event that it holds, or as one that is passed over. */
import type { EventRecord, LoggedEvent } from './records.ts';
import type { Refusal } from './refusal.ts';

/** The stored form, as an event log gives it back. */
interface StoredEntry {
  readonly partition: number;
  readonly offset: number;
  readonly timeMs: number;
  readonly value: Readonly<Record<string, unknown>>;
  readonly refused?: Refusal;
}

/** It was refused: it changes nothing, but a reader that has met it is behind it. */
export interface PassedOver {
  readonly partition: number;
  readonly offset: number;
  readonly timeMs: number;
  readonly record: null;
}

export function loggedEvent(entry: StoredEntry): LoggedEvent | PassedOver {
  const { partition, offset, timeMs, value, refused } = entry;
  if (refused !== undefined) return { partition, offset, timeMs, record: null };
  return { partition, offset, timeMs, record: value as unknown as EventRecord };
}
