/** An entry of `berth.events` as the event that it holds. */
import type { EventRecord, LoggedEvent } from './records.ts';

/** The stored form, as an event log gives it back. */
interface StoredEntry {
  readonly partition: number;
  readonly offset: number;
  readonly timeMs: number;
  readonly value: Readonly<Record<string, unknown>>;
}

export function loggedEvent(entry: StoredEntry): LoggedEvent {
  const { partition, offset, timeMs, value } = entry;
  return { partition, offset, timeMs, record: value as unknown as EventRecord };
}
