/** All that `berth up` exposes, of its functions and of the adapters under them. */

import { CONTROL_METRICS, PROCESS_METRICS } from '../../contract/metrics.ts';
import { TOPICS } from '../../contract/topics.ts';
import type { Courier } from '../../courier/courier.ts';
import { exposeCourier } from '../../courier/courier-metrics.ts';
import type { Hub } from '../../hub/hub.ts';
import { exposeHub } from '../../hub/hub-metrics.ts';
import { exposeMapper } from '../../mapper/mapper-metrics.ts';
import type { EventLog } from '../../ports/event-log/port.ts';
import type { Jobs } from '../../ports/jobs/port.ts';
import { hear } from '../../runtime/channels.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { BerthFunction } from '../../runtime/define-function.ts';
import type { Log } from '../../runtime/log.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics/metrics.ts';
import { exposeProcess } from '../../runtime/metrics/process-metrics.ts';
import { exposeWatcher } from '../../watcher/watcher-metrics.ts';

export interface ControlMetricsComponents {
  readonly eventLog: EventLog;
  readonly clock: Clock;
  readonly log: Log;
}

export type ControlMetrics = Metrics<typeof PROCESS_METRICS & typeof CONTROL_METRICS>;

/** Before anything runs: what was told before that was not heard. */
export function createControlMetrics(components: ControlMetricsComponents): ControlMetrics {
  const metrics = createMetrics({ ...PROCESS_METRICS, ...CONTROL_METRICS }, components);
  exposeProcess(metrics);
  exposeWatcher(metrics, components);
  exposeMapper(metrics, components);
  exposeEventLog(metrics, components);
  return metrics;
}

export function exposeWorkers(
  metrics: ControlMetrics,
  { hub, courier, jobs, clock, functions }: WorkersComponents,
): void {
  exposeHub(metrics, hub);
  exposeCourier(metrics, { statuses: courier.statuses, clock });
  const queues = functions.flatMap(({ trigger }) => (trigger.kind === 'job' ? trigger.queue : []));
  exposeJobs(metrics, { jobs, queues });
}

interface WorkersComponents {
  readonly hub: Hub;
  readonly courier: Courier;
  readonly clock: Clock;
  readonly jobs: Jobs;
  readonly functions: readonly BerthFunction[];
}

function exposeEventLog(metrics: ControlMetrics, { eventLog }: ControlMetricsComponents): void {
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

function exposeJobs(
  metrics: ControlMetrics,
  { jobs, queues }: { readonly jobs: Jobs; readonly queues: readonly string[] },
): void {
  metrics.reads('berth_jobs_pending', () =>
    Promise.all(
      queues.map(async (queue) => ({ labels: { queue }, value: await jobs.pending(queue) })),
    ),
  );
  const attempts = metrics.counter('berth_jobs_attempts_total');
  const failures = metrics.counter('berth_jobs_failures_total');
  for (const queue of queues) {
    attempts.add({ queue }, 0);
    failures.add({ queue, code: 'other' }, 0);
  }
  hear('berth:jobs:run-ended', ({ queue, code }) => {
    attempts.add({ queue });
    if (code !== null) failures.add({ queue, code });
  });
}
