/** What a case of the suite gets: the opened adapter, on storage that outlives it. */
import type { EventLog } from '../port.ts';

export interface EventLogHarness {
  readonly opened: EventLog;
  /** Entries a batch: small, so that the cases need few entries. */
  readonly readBatchMax: number;
  /** Closes the log and opens it again on the same storage. */
  reopen(): Promise<EventLog>;
  teardown(): Promise<void>;
}
