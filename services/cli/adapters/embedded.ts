/**
 * The embedded adapters: log, checkpoints and jobs in one LMDB folder, which one process owns. They
 * need nothing but that folder.
 */
import { lmdbCheckpoints } from '../../ports/checkpoints/lmdb.ts';
import { lmdbEventLog } from '../../ports/event-log/lmdb.ts';
import { localJobs } from '../../ports/jobs/local.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import type { OpenAdapters } from './adapters.ts';

/** @throws BERTH_LOG_IN_USE, BERTH_LOG_UNREADABLE, BERTH_LOG_PARTITIONS */
export async function embeddedAdapters(
  dir: string,
  components: { readonly clock: Clock; readonly random: Random; readonly log: Log },
): Promise<OpenAdapters> {
  const eventLog = await lmdbEventLog({ dir }, components);
  const checkpoints = await lmdbCheckpoints({ dir });
  const jobs = await localJobs({ dir }, components);
  return {
    eventLog,
    checkpoints,
    jobs,
    close: async () => {
      await jobs.close();
      await checkpoints.close();
      await eventLog.close();
    },
  };
}
