/**
 * Works one queue: starts what is due as far as concurrency and rate allow, sleeps until the next
 * time that matters, and tries again what threw. A handler that is told to stop and then returns
 * has not finished for sure, so its job stays and comes again.
 */
import { berthError, isBerthError } from '../../../contract/errors.ts';
import { tell } from '../../../runtime/channels.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import type { Random } from '../../../runtime/random.ts';
import { BACKOFF, backoffMs } from '../backoff.ts';
import type { JobHandler, WorkOptions } from '../port.ts';
import type { JobQueue } from './job-queue.ts';
import type { JobRow, JobStore } from './job-store.ts';
import { noRateLimit, rateLimit } from './rate-limit.ts';

export interface WorkerComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly queue: JobQueue;
  readonly store: JobStore;
}

export interface Worker {
  /** Something may have become due. */
  pump(): void;
  /** Starts nothing more, and ends when what runs has ended. May be called twice. */
  stop(): Promise<void>;
}

const CONCURRENCY = 1;
/** Looks again so often at least, in case the machine's clock was set. */
const SLEEP_MS_MAX = 60_000;

export function startWorker(
  name: string,
  handler: JobHandler,
  options: WorkOptions,
  components: WorkerComponents,
): Worker {
  const { clock, random, log, queue, store } = components;
  const concurrency = options.concurrency ?? CONCURRENCY;
  const limit = options.rate === undefined ? noRateLimit() : rateLimit(options.rate);
  const backoff = options.backoff ?? BACKOFF;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  let cancelSleep = (): void => undefined;

  const persist = (write: Promise<void>): void => {
    write.catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      const failure = berthError('BERTH_JOBS_WRITE', { queue: name, reason }, error);
      log.error({ error: failure }, 'a job may come again');
    });
  };

  async function runJob(job: JobRow): Promise<void> {
    const { id, data, attempt } = job;
    try {
      await handler({ id, data, attempt }, stopping.signal);
    } catch (error) {
      if (stopping.signal.aborted) {
        queue.brokenOff(id);
        return;
      }
      const code = isBerthError(error) ? error.code : 'other';
      tell('berth:jobs:run-ended', { queue: name, code });
      const delayMs = backoffMs(backoff, attempt, random);
      const fields = { queue: name, job: id, attempt, retryInMs: delayMs };
      log.warn({ ...fields, error }, 'job failed, will be tried again');
      persist(store.save(name, [queue.failed(id, clock.nowMs() + delayMs)]));
      return;
    }
    if (stopping.signal.aborted) {
      queue.brokenOff(id);
      return;
    }
    tell('berth:jobs:run-ended', { queue: name, code: null });
    const next = queue.succeeded(id);
    persist(next === null ? store.remove(name, id) : store.save(name, [next]));
  }

  function pump(): void {
    cancelSleep();
    while (!stopping.signal.aborted && running.size < concurrency) {
      const nowMs = clock.nowMs();
      const dueMs = queue.nextDueMs();
      if (dueMs === null) return;
      const waitMs = Math.max(dueMs - nowMs, limit.waitMs(nowMs));
      if (waitMs > 0) {
        cancelSleep = clock.after(Math.min(Math.ceil(waitMs), SLEEP_MS_MAX), pump);
        return;
      }
      const job = queue.start(nowMs);
      if (job === null) return;
      limit.started(nowMs);
      // Never in the turn of whoever added the job.
      const run = Promise.resolve()
        .then(() => runJob(job))
        .finally(() => {
          running.delete(run);
          pump();
        });
      running.add(run);
    }
  }

  return {
    pump,
    async stop() {
      stopping.abort();
      cancelSleep();
      await Promise.all(running);
    },
  };
}
