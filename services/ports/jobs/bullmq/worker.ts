/**
 * Works one queue by a worker of BullMQ's. Another process takes over what a dead one ran once its
 * lock has run out; a process whose event loop stood still for that long runs the same job beside
 * it. A handler that is told to stop and then returns has not finished for sure, so its job is
 * given back, as the same attempt.
 */
import { type Job as BullmqJob, WaitingError, Worker } from 'bullmq';
import { describeError, isBerthError } from '../../../contract/errors.ts';
import { tell } from '../../../runtime/channels.ts';
import type { Clock } from '../../../runtime/clock.ts';
import type { Log } from '../../../runtime/log.ts';
import type { Random } from '../../../runtime/random.ts';
import { BACKOFF, backoffMs } from '../backoff.ts';
import type { Job, JobHandler, WorkOptions } from '../port.ts';
import { encodedName } from './queue.ts';
import type { RedisLink } from './redis-link.ts';
import { runScript, SETTLE_KEPT, TAKE_KEPT } from './scripts.ts';

export interface RedisWorkerInit {
  readonly name: string;
  readonly prefix: string;
  /** A job whose process has said nothing for so long is given to another. */
  readonly lockMs: number;
}

export interface RedisWorkerComponents {
  readonly link: RedisLink;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** A run began or ended. */
  readonly onMove: () => void;
}

export interface RedisWorker {
  readonly concurrency: number;
  /** All processes together, in a window; null: no limit. */
  readonly rateMax: number | null;
  running(): number;
  /** Starts nothing more, and ends when what runs has ended. May be called twice. */
  stop(): Promise<void>;
}

/** What came while a job ran waits out its delay from then, not from the end of a run this long. */
const SETTLE_AFTER_MS = 20;
const RETRY_MS = 1_000;
/** How long the end of the runs may take to be written; what is not comes again. */
const LEAVE_WITHIN_MS = 3_000;
/** Of the failure, in Redis, for people. */
const REASON_CHARS_MAX = 500;

export function startRedisWorker(
  init: RedisWorkerInit,
  handler: JobHandler,
  options: WorkOptions,
  components: RedisWorkerComponents,
): RedisWorker {
  const { name, prefix, lockMs } = init;
  const { link, clock, random, log, onMove } = components;
  const { concurrency = 1, rate, backoff = BACKOFF } = options;
  const stopping = new AbortController();
  const running = new Set<Promise<void>>();
  const run = jobRunner(init, counted, components, stopping.signal);

  async function counted(job: Job, signal: AbortSignal): Promise<void> {
    onMove();
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    running.add(ended);
    try {
      await handler(job, signal);
    } finally {
      running.delete(ended);
      end();
      onMove();
    }
  }

  const worker = new Worker(encodedName(name), run, {
    connection: link.patient(),
    prefix,
    concurrency,
    skipVersionCheck: true,
    lockDuration: lockMs,
    stalledInterval: Math.ceil(lockMs / 2),
    maxStalledCount: Number.MAX_SAFE_INTEGER,
    runRetryDelay: RETRY_MS,
    removeOnComplete: { count: 0 },
    ...(rate === undefined ? {} : { limiter: { max: rate.max, duration: rate.windowMs } }),
    settings: {
      backoffStrategy: (attempt, _type, error, job) => {
        const delayMs = backoffMs(backoff, attempt, random);
        const id = job?.opts?.deduplication?.id;
        const fields = { queue: name, job: id, attempt, retryInMs: delayMs };
        log.warn({ ...fields, error: error?.cause }, 'job failed, will be tried again');
        return delayMs;
      },
    },
  });
  worker.on('stalled', () => {
    tell('berth:jobs:stalled', { queue: name });
    log.warn({ queue: name }, 'a job whose process said nothing any more is run again');
  });
  worker.on('error', (error) => {
    if (!stopping.signal.aborted) log.warn({ queue: name, error }, 'a job may come again');
  });

  async function stopOnce(): Promise<void> {
    // In this order: a job that is given back must not be taken again.
    const closed = worker.close();
    stopping.abort();
    await Promise.all(running);
    const enough = new AbortController();
    const leave = clock.sleep(LEAVE_WITHIN_MS, enough.signal).then(async () => {
      if (!enough.signal.aborted) (await worker.getBackend().blockingClient)?.disconnect();
    });
    await Promise.race([closed, leave]);
    enough.abort();
  }

  let stopped: Promise<void> | null = null;
  return {
    concurrency,
    rateMax: rate?.max ?? null,
    running: () => running.size,
    stop() {
      stopped ??= stopOnce();
      return stopped;
    },
  };
}

/** How one job is run; what it throws is for BullMQ. */
function jobRunner(
  { name, prefix }: RedisWorkerInit,
  handler: JobHandler,
  { link, clock }: RedisWorkerComponents,
  signal: AbortSignal,
): (job: BullmqJob) => Promise<void> {
  const keyPrefix = `${prefix}:${encodedName(name)}:`;
  const ended = (code: string | null): void => {
    tell('berth:jobs:run-ended', { queue: name, code });
  };

  async function givenBack(job: BullmqJob): Promise<never> {
    await job.moveToWait(job.token);
    throw new WaitingError();
  }

  /** What came for it while it ran before, if it is not its first run. */
  async function latestData(job: BullmqJob): Promise<Job['data']> {
    if (job.attemptsStarted < 2) return job.data;
    const args = [keyPrefix, job.deduplicationId ?? ''];
    const kept = await runScript(link.patient(), TAKE_KEPT, [keyPrefix + job.id], args);
    return typeof kept === 'string' ? JSON.parse(kept) : job.data;
  }

  return async (job) => {
    if (signal.aborted) return givenBack(job);
    const id = job.deduplicationId ?? '';
    const data = await latestData(job);
    const beganMs = clock.nowMs();
    try {
      await handler({ id, data, attempt: job.attemptsMade + 1 }, signal);
    } catch (error) {
      if (signal.aborted) return givenBack(job);
      ended(isBerthError(error) ? error.code : 'other');
      // BullMQ knows errors of its own by their names: it is shown none but this.
      const reason = `failed: ${describeError(error).slice(0, REASON_CHARS_MAX)}`;
      throw new Error(reason, { cause: error });
    }
    if (signal.aborted) return givenBack(job);
    ended(null);
    const nowMs = clock.nowMs();
    if (nowMs - beganMs < SETTLE_AFTER_MS) return;
    await runScript(link.patient(), SETTLE_KEPT, [], [keyPrefix, id, Math.floor(nowMs)]);
  };
}
