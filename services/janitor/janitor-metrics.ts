/** What the janitor keeps, for whoever scrapes it. */
import type { CONTROL_METRICS } from '../contract/metrics.ts';
import type { Metrics } from '../runtime/metrics/metrics.ts';
import type { Janitor } from './janitor.ts';

export function exposeJanitor(
  metrics: Metrics<typeof CONTROL_METRICS>,
  janitor: Pick<Janitor, 'covered'>,
): void {
  metrics.reads('berth_janitor_covered_records', () =>
    janitor.covered().map(({ partition, records }) => ({
      labels: { partition: String(partition) },
      value: records,
    })),
  );
}
