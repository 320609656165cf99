/**
 * What stands behind the ports that the roles share: the embedded ones (LMDB, in this process
 * alone) or the distributed ones. A role never knows which.
 */
import type { Checkpoints } from '../../ports/checkpoints/port.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import type { Jobs } from '../../ports/jobs/port.ts';

export interface Adapters {
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly jobs: Jobs;
}

export interface OpenAdapters extends Adapters {
  /** Once nobody uses them any more. */
  close(): Promise<void>;
}
