/** What the suite of triggers runs on: a log and jobs, fresh for each case. */
import { randomUUID } from 'node:crypto';

import { lmdbEventLog } from '../services/ports/event-log/lmdb.ts';
import type { EventLog } from '../services/ports/event-log/port.ts';
import { bullmqJobs } from '../services/ports/jobs/bullmq.ts';
import { localJobs } from '../services/ports/jobs/local.ts';
import type { Jobs } from '../services/ports/jobs/port.ts';
import { systemClock } from '../services/runtime/clock.ts';
import { systemRandom } from '../services/runtime/random.ts';
import { keptOnKafka } from './kafka-log.ts';
import { keepingLog } from './log-lines.ts';
import { reopenable } from './reopenable.ts';
import { sharedRedis } from './servers/shared-servers.ts';

export interface TriggerStorage {
  readonly eventLog: EventLog;
  readonly jobs: Jobs;
  remove(): Promise<void>;
}

/** Few entries a batch, so that a case of some dozens has several. */
const READ_BATCH_MAX = 8;
const PARTITIONS = 4;

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

/** On the run's real servers, under a prefix of its own. */
export async function distributedStorage(): Promise<TriggerStorage> {
  const components = { clock: systemClock(), log: keepingLog(), random: systemRandom() };
  const { opened: eventLog, teardown } = await keptOnKafka(PARTITIONS);
  const jobs = await bullmqJobs({ url: await sharedRedis(), prefix: randomUUID() }, components);
  return {
    eventLog,
    jobs,
    async remove() {
      await jobs.close();
      await teardown();
    },
  };
}
