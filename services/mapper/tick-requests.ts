/**
 * Asks the jobs for Ticks, beside the mapping: nobody's berth waits for them. Requests are gathered
 * by release while the jobs do not answer; one that is lost is made again by the next sweep, which
 * looks for releases whose time is over and that have no Tick all the same: their jobs were lost,
 * or all jobs were.
 */
import type { World } from '../aggregates/world.ts';
import type { Jobs, NewJob } from '../ports/jobs/port.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { wakeUp } from '../runtime/wake.ts';
import { overdueTicks, TICKS_QUEUE } from './ticks.ts';

export interface TickRequests {
  /** Never waits. */
  ask(jobs: readonly NewJob[]): void;
  /** Hands them over until its signal is aborted. */
  run(signal: AbortSignal): Promise<void>;
  /** Asks for what is overdue in these, now and then. */
  sweep(worlds: () => Iterable<World>, signal: AbortSignal): Promise<void>;
}

export interface TickRequestsInit {
  readonly sweepEveryMs: number;
}

const WAITING_MAX = 200_000;
const RETRY_MS = 1000;

export function createTickRequests(
  { sweepEveryMs }: TickRequestsInit,
  { jobs, clock, log }: { readonly jobs: Jobs; readonly clock: Clock; readonly log: Log },
): TickRequests {
  const waiting = new Map<string, NewJob>();
  const wake = wakeUp();

  function ask(wanted: readonly NewJob[]): void {
    for (const job of wanted) {
      if (waiting.size < WAITING_MAX || waiting.has(job.id)) waiting.set(job.id, job);
    }
    if (waiting.size > 0) wake.all();
  }

  async function run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (waiting.size === 0) await wake.next(signal);
      if (signal.aborted) return;
      const taken = [...waiting.values()];
      waiting.clear();
      try {
        await jobs.add(TICKS_QUEUE, taken);
      } catch (error) {
        log.warn({ error, jobs: taken.length }, 'Ticks were not asked for, again soon');
        for (const job of taken) if (!waiting.has(job.id)) waiting.set(job.id, job);
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }

  async function sweep(worlds: () => Iterable<World>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(sweepEveryMs, signal);
      for (const world of signal.aborted ? [] : worlds()) {
        ask(overdueTicks(world, clock.nowMs(), sweepEveryMs));
      }
    }
  }

  return { ask, run, sweep };
}
