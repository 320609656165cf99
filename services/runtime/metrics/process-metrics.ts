/** What the process takes: memory, CPU time, descriptors, and how busy its event loop is. */
import { readdir } from 'node:fs/promises';
import { performance } from 'node:perf_hooks';
import type { PROCESS_METRICS } from '../../contract/metrics.ts';
import type { Metrics } from './metrics.ts';

const MICROSECONDS = 1e6;
const MILLISECONDS = 1e3;

export function exposeProcess(metrics: Metrics<typeof PROCESS_METRICS>): void {
  metrics.reads('process_cpu_seconds_total', () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / MICROSECONDS;
  });
  metrics.reads('process_resident_memory_bytes', () => process.memoryUsage.rss());
  metrics.reads('process_start_time_seconds', () => performance.timeOrigin / MILLISECONDS);
  metrics.reads('process_open_fds', async () => (await readdir('/proc/self/fd')).length);
  metrics.reads('nodejs_heap_size_used_bytes', () => process.memoryUsage().heapUsed);
  metrics.reads(
    'nodejs_eventloop_active_seconds_total',
    () => performance.eventLoopUtilization().active / MILLISECONDS,
  );
}
