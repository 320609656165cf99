/** Handlers for tests of jobs: one that writes down what it ran, one that a test lets go on. */
import { expect } from 'vitest';
import type { Job, JobHandler } from '../services/ports/jobs/port.ts';

export interface Runs {
  readonly handler: JobHandler;
  readonly jobs: readonly Job[];
  readonly data: () => readonly unknown[];
  /** Ends when it has begun so many runs. */
  until(count: number): Promise<void>;
}

/** Runs `body` for each job, or does nothing. */
export function writingDown(body: JobHandler = async () => undefined): Runs {
  const jobs: Job[] = [];
  return {
    jobs,
    handler(job, signal) {
      jobs.push(job);
      return body(job, signal);
    },
    data: () => jobs.map(({ data }) => data),
    async until(count) {
      await expect.poll(() => jobs.length, { timeout: 5_000 }).toBeGreaterThanOrEqual(count);
    },
  };
}

export interface Gate {
  readonly passed: Promise<void>;
  open(): void;
  /** Whoever waits here throws. */
  breakDown(error: Error): void;
}

export function gate(): Gate {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { passed: promise, open: resolve, breakDown: reject };
}
