/**
 * A role: some of Berth's functions that belong together and can be a process of their own. It is
 * made of components alone, feeds its metrics itself, and says when it works. `berth up` hosts all
 * roles in one process; nothing in a role knows that.
 */
import type { AdapterNames } from '../../contract/status-records.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BerthFunction } from '../../runtime/define-function.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Speaker, StatusBoard } from '../../runtime/status-board.ts';
import type { Adapters } from '../adapters/adapters.ts';
import type { ControlMetrics } from './control-metrics.ts';

export interface RoleComponents extends Adapters {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ControlMetrics;
  /** Where the process that hosts the role speaks. */
  readonly board: Pick<StatusBoard, 'process' | 'run'>;
}

export interface Role {
  readonly functions: readonly BerthFunction[];
  /** It works, beyond that its streams have read to the end. @default true */
  isReady?(): boolean;
  /** What it says on the status board of what it knows that is not in the history. */
  readonly speaker?: Speaker;
  /** What stands behind ports that it alone uses. */
  readonly adapters?: AdapterNames;
}
