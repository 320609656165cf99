/** What a case of the suite gets: the opened adapter, on storage that outlives it. */
import type { Topic } from '../../../contract/topics.ts';
import type { EventLog, Offsets } from '../port.ts';

export interface EventLogHarness {
  readonly opened: EventLog;
  /** Entries a batch: small, so that the cases need few entries. */
  readonly readBatchMax: number;
  /** Closes the log and opens it again on the same storage. */
  reopen(): Promise<EventLog>;
  /** Deletes what lies before these offsets, as a janitor would; answers the log as it is then. */
  deleteBefore(topic: Topic, offsets: Offsets): Promise<EventLog>;
  teardown(): Promise<void>;
}
