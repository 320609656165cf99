/**
 * A job function that runs when somebody posts an event of type `berth.job.QUEUE` with the job's id
 * and data: once an event, answered when it has run. The bounds of its trigger hold here as they do
 * in the Jobs port: so many at once, one at a time of each id, so many starts in each window. Only
 * the trying again is the gateway's, who hears of a failure by the answer.
 */
import type { Json } from '../../contract/canonical.ts';
import { berthError } from '../../contract/errors.ts';
import type { JobHandler } from '../../ports/jobs/port.ts';
import type { Clock } from '../clock.ts';
import type { JobTrigger } from '../define-function.ts';
import type { DeliveredEvent } from './cloud-event.ts';

export const JOB_TYPE = 'berth.job.';
/** What waits for a place is bounded by the server; a window's starts are refused beyond it. */
const CONCURRENCY = 1;

export interface DrivenJobs {
  deliver(event: DeliveredEvent, signal: AbortSignal): Promise<void>;
}

export function drivenJobs(
  { options = {} }: JobTrigger,
  handler: JobHandler,
  { clock }: { readonly clock: Clock },
): DrivenJobs {
  const { concurrency = CONCURRENCY, rate } = options;
  const inOrder = new Map<string, Promise<void>>();
  const queue: (() => void)[] = [];
  let running = 0;
  let window = { startedMs: 0, starts: 0 };

  async function place(): Promise<void> {
    if (running >= concurrency) await new Promise<void>((resolve) => queue.push(resolve));
    else running += 1;
  }

  /** To the next one that waits, if any. */
  function giveUpPlace(): void {
    const next = queue.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  function refuseTooMany(): void {
    if (rate === undefined) return;
    const nowMs = clock.nowMs();
    if (nowMs - window.startedMs >= rate.windowMs) window = { startedMs: nowMs, starts: 0 };
    if (window.starts >= rate.max) throw berthError('BERTH_TRIGGER_BUSY', { max: rate.max });
    window.starts += 1;
  }

  async function runOne(event: DeliveredEvent, signal: AbortSignal): Promise<void> {
    await place();
    try {
      if (signal.aborted) throw berthError('BERTH_TRIGGER_STOPPING', {});
      refuseTooMany();
      await handler({ id: event.id, data: (event.data ?? null) as Json, attempt: 1 }, signal);
    } finally {
      giveUpPlace();
    }
  }

  return {
    async deliver(event, signal) {
      const before = inOrder.get(event.id) ?? Promise.resolve();
      const ran = before.then(() => runOne(event, signal));
      const settled = ran.catch(() => undefined);
      inOrder.set(event.id, settled);
      void settled.then(() => {
        if (inOrder.get(event.id) === settled) inOrder.delete(event.id);
      });
      await ran;
    },
  };
}
