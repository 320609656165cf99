/**
 * Jobs on Redis, for any number of processes: each queue is one of BullMQ's, worked by whichever of
 * them has a place free. At least once, as the port says: a process that is killed, or whose event
 * loop stands still for longer than its lock lasts, has its jobs run again by another. A rate holds
 * for all processes together. While Redis is away `add` and `pending` fail after seconds; the
 * workers go on when it is back. What Redis loses is lost: it must follow from the log.
 */
import {
  type BerthError,
  berthError,
  type ErrorCode,
  type ErrorDetails,
  isBerthError,
} from '../../contract/errors.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Random } from '../../runtime/random.ts';
import { type RedisQueue, redisQueue } from './bullmq/queue.ts';
import { type RedisInit, type RedisLink, redisLink } from './bullmq/redis-link.ts';
import { warningsOf } from './bullmq/redis-server.ts';
import { createWatchdog, type Patience } from './bullmq/watchdog.ts';
import { type RedisWorker, startRedisWorker } from './bullmq/worker.ts';
import type { Jobs, NewJob } from './port.ts';

export interface BullmqJobsInit extends RedisInit {
  /** Before every key: one Redis may serve several installations. @default 'berth' */
  readonly prefix?: string;
  /** @default 30_000 */
  readonly lockMs?: number;
  /** When a worker that begins nothing counts as hung. @default 60 s, and 15 min of full work */
  readonly patience?: Patience;
}

export interface BullmqJobsComponents {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Of a queue and of an id, as elsewhere. */
const NAME_BYTES_MAX = 512;
const START_WITHIN_MS = 10_000;
const LOCK_MS = 30_000;
const PATIENCE: Patience = { idleMs: 60_000, busyMs: 900_000 };
/** The watchdog looks so often in the time that it waits. */
const LOOKS = 6;

/** @throws BERTH_JOBS_REDIS, _REDIS_OLD */
export async function bullmqJobs(
  init: BullmqJobsInit,
  components: BullmqJobsComponents,
): Promise<Jobs> {
  const { log } = components;
  const link = redisLink(init, components);
  try {
    const said = await link.ask((client) => client.info(), START_WITHIN_MS);
    for (const error of warningsOf(link.address, said)) log.warn({ error }, 'a setting of Redis');
  } catch (error) {
    link.close();
    throw coded(error, (reason) => ['BERTH_JOBS_REDIS', { address: link.address, reason }]);
  }
  return jobs(init, { ...components, link });
}

function jobs(
  init: BullmqJobsInit,
  components: BullmqJobsComponents & { readonly link: RedisLink },
): Jobs {
  const { link, clock, log } = components;
  const { prefix = 'berth', lockMs = LOCK_MS, patience = PATIENCE } = init;
  const queues = new Map<string, RedisQueue>();
  const workers = new Map<string, RedisWorker>();
  const { promise: failed, resolve: fail } = Promise.withResolvers<Error>();
  const closing = new AbortController();
  let closed: Promise<void> | null = null;

  const queueOf = (name: string): RedisQueue => {
    const queue = queues.get(name) ?? redisQueue({ name, prefix }, components);
    queues.set(name, queue);
    return queue;
  };
  const refuseIfClosed = (): void => {
    if (closed !== null) throw berthError('BERTH_JOBS_CLOSED', {});
  };

  async function asked<T>(question: () => Promise<T>): Promise<T> {
    refuseIfClosed();
    try {
      return await question();
    } catch (error) {
      throw coded(error, (reason) => ['BERTH_JOBS_REDIS', { address: link.address, reason }]);
    }
  }

  /** Until the worker has stopped, or hangs. */
  async function watch(name: string, worker: RedisWorker, dog: ReturnType<typeof createWatchdog>) {
    const everyMs = patience.idleMs / LOOKS;
    for (;;) {
      await clock.sleep(everyMs, closing.signal);
      if (closing.signal.aborted || workers.get(name) !== worker) return;
      try {
        const { waiting, begun, isPaused } = await queueOf(name).state();
        const { concurrency, rateMax } = worker;
        const isHeld = isPaused || (rateMax !== null && begun >= rateMax);
        const look = { waiting, isHeld, concurrency, running: worker.running() };
        const hungMs = dog.look(look, clock.nowMs());
        if (hungMs === null) continue;
        const seconds = Math.round(hungMs / 1000);
        fail(berthError('BERTH_JOBS_STUCK', { queue: name, waiting, seconds }));
        return;
      } catch (error) {
        // Nobody can work while Redis is away.
        dog.moved(clock.nowMs());
        log.debug({ queue: name, error }, 'Redis does not say whether jobs wait');
      }
    }
  }

  async function closeOnce(): Promise<void> {
    closing.abort();
    await Promise.all([...workers.values()].map((worker) => worker.stop()));
    await Promise.all([...queues.values()].map((queue) => queue.close()));
    link.close();
  }

  return {
    kind: 'bullmq',
    failed,
    async add(name, newJobs) {
      refuseIfClosed();
      refuseBad(name, newJobs);
      try {
        await queueOf(name).add(newJobs);
      } catch (error) {
        throw coded(error, (reason) => ['BERTH_JOBS_WRITE', { queue: name, reason }]);
      }
    },
    work(name, handler, options = {}) {
      refuseIfClosed();
      if (workers.has(name)) throw berthError('BERTH_JOBS_WORKED', { queue: name });
      const dog = createWatchdog(patience, clock.nowMs());
      const onMove = (): void => dog.moved(clock.nowMs());
      const its = { ...components, onMove };
      const worker = startRedisWorker({ name, prefix, lockMs }, handler, options, its);
      workers.set(name, worker);
      void watch(name, worker, dog);
      return async () => {
        await worker.stop();
        if (workers.get(name) === worker) workers.delete(name);
      };
    },
    held: (name, id) => asked(() => queueOf(name).held(id)),
    pending: (name) => asked(async () => (await queueOf(name).state()).pending),
    close() {
      closed ??= closeOnce();
      return closed;
    },
  };
}

function refuseBad(queue: string, newJobs: readonly NewJob[]): void {
  for (const name of [queue, ...newJobs.map(({ id }) => id)]) {
    const bytes = Buffer.byteLength(name);
    if (bytes > 0 && bytes <= NAME_BYTES_MAX) continue;
    const reason = `a name has ${bytes} bytes, not 1 to ${NAME_BYTES_MAX}`;
    throw berthError('BERTH_JOBS_BAD_JOB', { queue, reason });
  }
}

/** An error of ours as it is; one of the client's under our code. */
function coded(
  error: unknown,
  code: (reason: string) => readonly [ErrorCode, ErrorDetails],
): BerthError {
  if (isBerthError(error)) return error;
  return berthError(...code(error instanceof Error ? error.message : String(error)), error);
}
