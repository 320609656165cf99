/**
 * The embedded jobs: a queue is a map in memory with its rows in an LMDB environment, owned by
 * one process. What waits is decided in memory, at once and in the order of the calls; the disk
 * follows, and `add` answers when it has. After a crash all rows wait again, those that ran too.
 */
import { join } from 'node:path';
import { berthError } from '../../contract/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { openOwned } from '../data-folder/owned-environment.ts';
import { type JobQueue, jobQueue } from './local/job-queue.ts';
import { type JobStore, jobStore } from './local/job-store.ts';
import { startWorker, type Worker } from './local/worker.ts';
import type { Jobs, NewJob } from './port.ts';

export interface LocalJobsInit {
  /** The data folder; the jobs take `jobs/` in it. */
  readonly dir: string;
}

export interface LocalJobsComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** In one queue; more are refused with BERTH_JOBS_FULL. */
const QUEUE_JOBS_MAX = 1_000_000;
/** LMDB's keys end at 1,978 bytes; queue and id share them. */
const NAME_BYTES_MAX = 512;

export async function localJobs(
  init: LocalJobsInit,
  components: LocalJobsComponents,
): Promise<Jobs> {
  return openOwned(join(init.dir, 'jobs'), ({ environment, close }) =>
    jobs({ close }, { ...components, store: jobStore(environment) }),
  );
}

function jobs(
  init: { readonly close: () => Promise<void> },
  components: LocalJobsComponents & { readonly store: JobStore },
): Jobs {
  const { clock, store } = components;
  const queues = new Map<string, JobQueue>();
  const workers = new Map<string, Worker>();
  let closed: Promise<void> | null = null;

  const queueOf = (name: string): JobQueue => {
    const queue = queues.get(name) ?? jobQueue();
    queues.set(name, queue);
    return queue;
  };
  const refuseIfClosed = (): void => {
    if (closed !== null) throw berthError('BERTH_JOBS_CLOSED', {});
  };
  async function closeOnce(): Promise<void> {
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
    await init.close();
  }

  for (const { queue, row } of store.all()) queueOf(queue).restore(row);

  return {
    kind: 'local',
    // What could hang is this process itself.
    failed: new Promise(() => undefined),
    async add(name, newJobs) {
      refuseIfClosed();
      const queue = queueOf(name);
      refuseBad(name, newJobs, queue.size());
      const nowMs = clock.nowMs();
      const rows = newJobs.map((job) => queue.add(job, nowMs));
      workers.get(name)?.pump();
      try {
        await store.save(name, rows);
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw berthError('BERTH_JOBS_WRITE', { queue: name, reason }, error);
      }
    },
    work(name, handler, options = {}) {
      refuseIfClosed();
      if (workers.has(name)) throw berthError('BERTH_JOBS_WORKED', { queue: name });
      const worker = startWorker(name, handler, options, { ...components, queue: queueOf(name) });
      workers.set(name, worker);
      worker.pump();
      return async () => {
        await worker.stop();
        if (workers.get(name) === worker) workers.delete(name);
      };
    },
    async held(name, id) {
      refuseIfClosed();
      return queues.get(name)?.held(id) ?? null;
    },
    async pending(name) {
      refuseIfClosed();
      return queues.get(name)?.size() ?? 0;
    },
    close() {
      closed ??= closeOnce();
      return closed;
    },
  };
}

function refuseBad(queue: string, newJobs: readonly NewJob[], held: number): void {
  if (held + newJobs.length > QUEUE_JOBS_MAX) throw berthError('BERTH_JOBS_FULL', { queue, held });
  for (const name of [queue, ...newJobs.map(({ id }) => id)]) {
    const bytes = Buffer.byteLength(name);
    if (bytes > 0 && bytes <= NAME_BYTES_MAX) continue;
    const reason = `a name has ${bytes} bytes, not 1 to ${NAME_BYTES_MAX}`;
    throw berthError('BERTH_JOBS_BAD_JOB', { queue, reason });
  }
}
