/**
 * The metrics of a process that hosts roles: its own, those of the adapters under it, and what the
 * roles feed themselves.
 */
import { CONTROL_METRICS, PROCESS_METRICS } from '../../contract/metrics.ts';
import { TOPICS } from '../../contract/topics.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import type { Jobs } from '../../ports/jobs/port.ts';
import { hear } from '../../runtime/channels.ts';
import type { BerthFunction } from '../../runtime/define-function.ts';
import type { Log } from '../../runtime/log.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics/metrics.ts';
import { exposeProcess } from '../../runtime/metrics/process-metrics.ts';

export type ControlMetrics = Metrics<typeof PROCESS_METRICS & typeof CONTROL_METRICS>;

/** Before anything runs: what was told before that was not heard. */
export function createControlMetrics(components: {
  readonly eventLog: EventLog;
  readonly log: Log;
}): ControlMetrics {
  const metrics = createMetrics({ ...PROCESS_METRICS, ...CONTROL_METRICS }, components);
  exposeProcess(metrics);
  exposeEventLog(metrics, components);
  return metrics;
}

function exposeEventLog(
  metrics: ControlMetrics,
  { eventLog }: { readonly eventLog: EventLog },
): void {
  const entries = metrics.histogram('berth_log_append_entries');
  const seconds = metrics.histogram('berth_log_append_seconds');
  hear('berth:log:entries-written', (written) => {
    entries.observe(written.entries);
    seconds.observe(written.seconds);
  });
  metrics.reads('berth_log_end_offset', async () => {
    const topics = Object.values(TOPICS).map(({ name }) => name);
    const ends = await Promise.all(topics.map((topic) => eventLog.ends(topic)));
    return topics.flatMap((topic, at) =>
      Object.entries(ends[at] ?? {}).map(([partition, value]) => ({
        labels: { topic, partition },
        value,
      })),
    );
  });
}

/** Of the queues that these functions work; nothing where there are none. */
export function exposeJobs(
  metrics: ControlMetrics,
  { jobs, functions }: { readonly jobs: Jobs; readonly functions: readonly BerthFunction[] },
): void {
  const queues = functions.flatMap(({ trigger }) => (trigger.kind === 'job' ? trigger.queue : []));
  if (queues.length === 0) return;
  // While their store is away nobody knows, and all else is told all the same.
  const pending = (queue: string) => jobs.pending(queue).catch(() => Number.NaN);
  metrics.reads('berth_jobs_pending', () =>
    Promise.all(queues.map(async (queue) => ({ labels: { queue }, value: await pending(queue) }))),
  );
  const attempts = metrics.counter('berth_jobs_attempts_total');
  const failures = metrics.counter('berth_jobs_failures_total');
  const stalled = metrics.counter('berth_jobs_stalled_total');
  for (const queue of queues) {
    stalled.add({ queue }, 0);
    attempts.add({ queue }, 0);
    failures.add({ queue, code: 'other' }, 0);
  }
  hear('berth:jobs:stalled', ({ queue }) => stalled.add({ queue }));
  hear('berth:jobs:run-ended', ({ queue, code }) => {
    attempts.add({ queue });
    if (code !== null) failures.add({ queue, code });
  });
}
