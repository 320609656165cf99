/** Jobs on which all times are so many times as long, for adapters whose time really passes. */
import type { Jobs, WorkOptions } from '../port.ts';

export function slowed(jobs: Jobs, times: number): Jobs {
  return {
    ...jobs,
    add: (queue, added) =>
      jobs.add(
        queue,
        added.map((job) => ({ ...job, delayMs: (job.delayMs ?? 0) * times })),
      ),
    work: (queue, handler, options = {}) => {
      const { rate, backoff } = options;
      const slower: WorkOptions = {
        ...options,
        ...(rate === undefined ? {} : { rate: { ...rate, windowMs: rate.windowMs * times } }),
        ...(backoff === undefined
          ? {}
          : { backoff: { firstMs: backoff.firstMs * times, maxMs: backoff.maxMs * times } }),
      };
      return jobs.work(queue, handler, slower);
    },
  };
}
