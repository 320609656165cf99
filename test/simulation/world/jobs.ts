/**
 * Jobs as the port has them, in memory, outliving their workers: at least once, by any worker that
 * lives, again after a failure or when the worker died. The latest data of an id wins and keeps
 * the due time.
 */
import type { Json } from '../../../services/contract/canonical.ts';
import type { JobHandler, Jobs } from '../../../services/ports/jobs/port.ts';
import { type Life, newLife } from '../scheduler.ts';
import type { Surroundings } from '../surroundings.ts';

export interface SimulatedJobs {
  client(life: Life): Jobs;
  /** All of them are lost. */
  wipe(): void;
}

interface StoredJob {
  readonly id: string;
  data: Json;
  attempt: number;
  runningIn: Life | null;
  /** Asked for while it ran. */
  again: Json | null;
}

interface Worker {
  readonly life: Life;
  readonly queue: string;
  readonly handler: JobHandler;
}

const RETRY_MS = 500;
/** Another worker takes over a job whose worker died. */
const LOOK_AGAIN_MS = 3000;

export function simulatedJobs({ scheduler, dice }: Surroundings): SimulatedJobs {
  const store = newLife('jobs');
  const queues = new Map<string, Map<string, StoredJob>>();
  const workers = new Set<Worker>();

  function queueOf(name: string): Map<string, StoredJob> {
    const queue = queues.get(name) ?? new Map<string, StoredJob>();
    queues.set(name, queue);
    return queue;
  }

  function due(queue: string, job: StoredJob, delayMs: number): void {
    scheduler.later(store, delayMs, () => start(queue, job));
  }

  function start(queue: string, job: StoredJob): void {
    if (queueOf(queue).get(job.id) !== job) return;
    due(queue, job, LOOK_AGAIN_MS);
    const able = [...workers].filter((one) => one.queue === queue && one.life.alive);
    if (able.length === 0 || job.runningIn?.alive === true) return;
    const { life, handler } = dice.pick(able);
    job.runningIn = life;
    scheduler.later(life, dice.delayMs(), () => {
      job.attempt += 1;
      const { id, data, attempt } = job;
      handler({ id, data, attempt }, new AbortController().signal).then(
        () => scheduler.later(life, 0, () => finished(queue, job)),
        () => scheduler.later(life, RETRY_MS, () => failed(job)),
      );
    });
  }

  function finished(queue: string, job: StoredJob): void {
    queueOf(queue).delete(job.id);
    if (job.again !== null) put(queue, job.id, job.again, 0);
  }

  /** The next look starts it again. */
  function failed(job: StoredJob): void {
    job.runningIn = null;
  }

  function put(queue: string, id: string, data: Json, delayMs: number): void {
    const known = queueOf(queue).get(id);
    if (known === undefined) {
      const job = { id, data, attempt: 0, runningIn: null, again: null };
      queueOf(queue).set(id, job);
      due(queue, job, delayMs);
    } else if (known.runningIn?.alive === true) known.again = data;
    else known.data = data;
  }

  return {
    wipe: () => queues.clear(),
    client: (life) => ({
      kind: 'local',
      failed: new Promise(() => undefined),
      add: (queue, jobs) =>
        new Promise((resolve) => {
          scheduler.later(life, dice.delayMs(), () => {
            for (const { id, data, delayMs } of jobs) put(queue, id, data, delayMs ?? 0);
            scheduler.later(life, dice.delayMs(), resolve);
          });
        }),
      work(queue, handler) {
        const worker = { life, queue, handler };
        workers.add(worker);
        return async () => {
          workers.delete(worker);
        };
      },
      held: async (queue, id) => {
        const job = queueOf(queue).get(id);
        return job === undefined ? null : { data: job.again ?? job.data };
      },
      pending: async (queue) => queueOf(queue).size,
      close: async () => undefined,
    }),
  };
}
