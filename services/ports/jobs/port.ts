/**
 * Jobs: work that waits, is repeated or is limited in rate. At least once: a handler may run twice
 * for one job, or again after a crash, so bodies are idempotent. Order is not promised.
 *
 * A job has an id within its queue. While a job of that id waits, another one with it replaces its
 * data and keeps its due time (the latest wins); while it runs, the latest is kept and runs
 * afterwards, with the due time of the first that came meanwhile. A handler that throws is tried
 * again with exponential back-off and jitter, for ever: whoever makes a job that must end says so
 * by not throwing. Jobs survive a crash of the process.
 */
import type { Json } from '../../contract/canonical.ts';

export interface NewJob {
  readonly id: string;
  readonly data: Json;
  /** @default 0 */
  readonly delayMs?: number;
}

export interface Job {
  readonly id: string;
  readonly data: Json;
  /** From 1. */
  readonly attempt: number;
}

export interface WorkOptions {
  /** @default 1 */
  readonly concurrency?: number;
  /** At most so many starts in each window, of all processes; none: no limit. */
  readonly rate?: { readonly max: number; readonly windowMs: number };
  /** @default { firstMs: 200, maxMs: 30_000 } */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
}

export type JobHandler = (job: Job, signal: AbortSignal) => Promise<void>;

export interface Jobs {
  readonly kind: 'local' | 'bullmq';
  /** Fulfilled when jobs wait and this process cannot work them any more: it is to end. */
  readonly failed: Promise<Error>;
  /** Answers when the jobs would survive a crash. */
  add(queue: string, jobs: readonly NewJob[]): Promise<void>;
  /** Starts to work a queue; the answer stops it and waits for what runs. */
  work(queue: string, handler: JobHandler, options?: WorkOptions): () => Promise<void>;
  /** Of the job of this id that waits or runs: the latest data. Null: there is none. */
  held(queue: string, id: string): Promise<{ readonly data: Json } | null>;
  /** Jobs that wait or run, for people and tests. */
  pending(queue: string): Promise<number>;
  close(): Promise<void>;
}
