/**
 * A role: some of Berth's functions that belong together and can be a process of their own. It is
 * made of components alone, feeds its metrics itself, and says when it works. `berth up` hosts all
 * roles in one process; nothing in a role knows that.
 */
import type { LogStatus, Status } from '../../console/status.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BerthFunction } from '../../runtime/define-function.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { Adapters } from '../adapters/adapters.ts';
import type { ControlMetrics } from './control-metrics.ts';

export interface RoleComponents extends Adapters {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: ControlMetrics;
}

export interface Role {
  readonly functions: readonly BerthFunction[];
  /** It works, beyond that its streams have read to the end. @default true */
  isReady?(): boolean;
  /** What it knows right now that is not in the log, for the console beside it. */
  live?(): Partial<Live>;
}

export type Live = Omit<Status, keyof LogStatus | 'adapters'> & { readonly source: string };
