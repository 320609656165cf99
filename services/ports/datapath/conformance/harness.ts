/** What a case of the suite gets: an open datapath whose tables and interfaces outlive it. */
import type { PacketDatapath } from '../packet-runner.ts';

export interface DatapathHarness {
  readonly opened: PacketDatapath;
  /** Two interfaces that there are. */
  readonly interfaceNames: readonly [string, string];
  /** Another process opens it: what is open now is not closed, as after a SIGKILL. */
  reopen(): PacketDatapath;
  teardown(): Promise<void>;
}
