/** What stands under a control process: a folder, or a Kafka and a Redis. */

import { kafkaCheckpoints } from '../../../services/ports/checkpoints/kafka.ts';
import { lmdbCheckpoints } from '../../../services/ports/checkpoints/lmdb.ts';
import type { Checkpoints } from '../../../services/ports/checkpoints/port.ts';
import { kafkaEventLog } from '../../../services/ports/event-log/kafka.ts';
import { lmdbEventLog } from '../../../services/ports/event-log/lmdb.ts';
import type { EventLog } from '../../../services/ports/event-log/port.ts';
import { bullmqJobs } from '../../../services/ports/jobs/bullmq.ts';
import { localJobs } from '../../../services/ports/jobs/local.ts';
import type { Jobs } from '../../../services/ports/jobs/port.ts';
import type { Clock } from '../../../services/runtime/clock.ts';
import type { Log } from '../../../services/runtime/log.ts';
import type { Random } from '../../../services/runtime/random.ts';
import type { Servers } from './messages.ts';

export interface ControlAdapters {
  readonly eventLog: EventLog;
  readonly checkpoints: Checkpoints;
  readonly jobs: Jobs;
}

export async function openAdapters(
  { dir, servers }: { readonly dir: string; readonly servers: Servers | null },
  components: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<ControlAdapters> {
  if (servers === null) {
    const eventLog = await lmdbEventLog({ dir }, components);
    const checkpoints = await lmdbCheckpoints({ dir });
    return { eventLog, checkpoints, jobs: await localJobs({ dir }, components) };
  }
  const { prefix, redis } = servers;
  const init = { connection: { brokers: [servers.kafka] }, prefix };
  const eventLog = await kafkaEventLog(init, components);
  const checkpoints = await kafkaCheckpoints(init, components);
  return { eventLog, checkpoints, jobs: await bullmqJobs({ url: redis, prefix }, components) };
}
