/** What a case of the suite gets: the opened adapter, on storage that outlives it. */
import type { Jobs } from '../port.ts';

export interface JobsHarness {
  readonly opened: Jobs;
  passTime(ms: number): Promise<void>;
  /** Closes the jobs and opens them again on the same storage. */
  reopen(): Promise<Jobs>;
  teardown(): Promise<void>;
}
