/**
 * The state of one queue in memory: which jobs wait, which run, what came for a running one. No
 * I/O and no timers. A job that is added while one of its id runs is kept as `next`; if that run
 * fails or is broken off, the job waits as before, with the newer data, as if it had never begun.
 */
import type { Json } from '../../../contract/canonical.ts';
import type { NewJob } from '../port.ts';
import { dueHeap } from './due-heap.ts';
import type { JobRow } from './job-store.ts';

export interface JobQueue {
  /** Jobs that wait or run, those kept for after a run included. */
  size(): number;
  restore(row: JobRow): void;
  /** The latest data of the job of this id. */
  held(id: string): { readonly data: Json } | null;
  /** Answers what must be on the disk. */
  add(job: NewJob, nowMs: number): JobRow;
  /** When the next waiting job is due; none waits: null. */
  nextDueMs(): number | null;
  /** Takes the first job that is due. */
  start(nowMs: number): JobRow | null;
  /** Answers the row of the job that was kept for afterwards, if there is one. */
  succeeded(id: string): JobRow | null;
  failed(id: string, retryAtMs: number): JobRow;
  brokenOff(id: string): void;
}

interface HeldJob {
  row: JobRow;
  running: boolean;
  next: { readonly data: Json; readonly dueMs: number } | null;
}

export function jobQueue(): JobQueue {
  const jobs = new Map<string, HeldJob>();
  const waiting = dueHeap();
  let kept = 0;

  const wait = (row: JobRow): JobRow => {
    jobs.set(row.id, { row, running: false, next: null });
    waiting.push({ id: row.id, dueMs: row.dueMs });
    return row;
  };
  const running = (id: string): HeldJob => {
    const held = jobs.get(id);
    if (held?.running !== true) throw new Error(`job ${id} does not run`);
    if (held.next !== null) kept -= 1;
    return held;
  };
  /** Drops items of jobs that run, are gone, or were given another time. */
  const firstWaiting = (): HeldJob | null => {
    for (let item = waiting.peek(); item !== undefined; item = waiting.peek()) {
      const held = jobs.get(item.id);
      if (held !== undefined && !held.running && held.row.dueMs === item.dueMs) return held;
      waiting.pop();
    }
    return null;
  };

  return {
    size: () => jobs.size + kept,
    restore: wait,
    held(id) {
      const held = jobs.get(id);
      return held === undefined ? null : { data: (held.next ?? held.row).data };
    },
    add(job, nowMs) {
      const dueMs = nowMs + (job.delayMs ?? 0);
      const held = jobs.get(job.id);
      if (held === undefined) return wait({ id: job.id, data: job.data, dueMs, attempt: 1 });
      if (held.running) {
        if (held.next === null) kept += 1;
        held.next = { data: job.data, dueMs: held.next?.dueMs ?? dueMs };
        return { ...held.row, data: job.data };
      }
      held.row = { ...held.row, data: job.data };
      return held.row;
    },
    nextDueMs: () => firstWaiting()?.row.dueMs ?? null,
    start(nowMs) {
      const held = firstWaiting();
      if (held === null || held.row.dueMs > nowMs) return null;
      waiting.pop();
      held.running = true;
      return held.row;
    },
    succeeded(id) {
      const { next } = running(id);
      jobs.delete(id);
      return next === null ? null : wait({ id, ...next, attempt: 1 });
    },
    failed(id, retryAtMs) {
      const { row, next } = running(id);
      const data = next === null ? row.data : next.data;
      return wait({ id, data, dueMs: retryAtMs, attempt: row.attempt + 1 });
    },
    brokenOff(id) {
      const { row, next } = running(id);
      wait(next === null ? row : { ...row, data: next.data });
    },
  };
}
