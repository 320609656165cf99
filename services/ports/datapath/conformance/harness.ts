/** What a case of the suite gets: an open datapath whose tables and interfaces outlive it. */
import type { Datapath } from '../port.ts';

export interface DatapathHarness {
  readonly opened: Datapath;
  /** Two interfaces that there are. */
  readonly interfaceNames: readonly [string, string];
  /** Another process opens it: what is open now is not closed, as after a SIGKILL. */
  reopen(): Datapath;
  teardown(): Promise<void>;
}
