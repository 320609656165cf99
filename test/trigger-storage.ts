/** What the suite of triggers runs on: a log and jobs, fresh for each case. */

import { lmdbEventLog } from '../services/ports/event-log/lmdb.ts';
import type { EventLog } from '../services/ports/event-log/port.ts';
import { localJobs } from '../services/ports/jobs/local.ts';
import type { Jobs } from '../services/ports/jobs/port.ts';
import { systemClock } from '../services/runtime/clock.ts';
import { systemRandom } from '../services/runtime/random.ts';
import { keepingLog } from './log-lines.ts';
import { reopenable } from './reopenable.ts';

export interface TriggerStorage {
  readonly eventLog: EventLog;
  readonly jobs: Jobs;
  remove(): Promise<void>;
}

/** Few entries a batch, so that a case of some dozens has several. */
const READ_BATCH_MAX = 8;

export async function embeddedStorage(): Promise<TriggerStorage> {
  const components = { clock: systemClock(), log: keepingLog(), random: systemRandom() };
  const logs = await reopenable((dir) =>
    lmdbEventLog({ dir, readBatchMax: READ_BATCH_MAX }, components),
  );
  const jobs = await reopenable((dir) => localJobs({ dir }, components));
  return {
    eventLog: logs.opened,
    jobs: jobs.opened,
    async remove() {
      await jobs.teardown();
      await logs.teardown();
    },
  };
}
